//! The recovery kit as a sheet to print.

use crate::{
    args::SheetArgs,
    failure::Failure,
    files,
    output::Output,
    shown::{Lines, lines},
};
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use stronghold_sdk::protocol::{id::OrgId, name::Email, time::Timestamp, visible};
use zeroize::Zeroizing;

/// What stands on a sheet.
pub(crate) struct Sheet<'a> {
    pub(crate) org: OrgId,
    pub(crate) email: &'a Email,
    pub(crate) url: &'a str,
    pub(crate) kit: &'a str,
    pub(crate) at: Timestamp,
}

/// Fails early where no sheet can be written: key and kit can be seen only once.
pub(crate) fn check(args: &SheetArgs) -> Result<(), Failure> {
    match &args.recovery_kit {
        Some(file) => files::write_private(file, b""),
        None => Ok(()),
    }
}

/// Writes the sheet, if it is wanted, and says so for people. Whatever fails now is a warning: what the command prints must not
/// be lost to it.
pub(crate) fn write(args: &SheetArgs, sheet: &Sheet, output: &Output) -> Lines {
    let Some(file) = &args.recovery_kit else { return Lines::default() };
    match text(sheet).and_then(|text| files::write_private(file, text.as_bytes())) {
        Ok(()) => {
            let name = file.display();
            lines![
                format!("It is also in {name} as a sheet with a QR code: print it, lock it away, and delete the file."),
                "",
            ]
        }
        Err(failure) => {
            output.warn(format!("{}; keep what is printed here instead", failure.message()));
            Lines::default()
        }
    }
}

fn text(sheet: &Sheet) -> Result<Zeroizing<String>, Failure> {
    let code = QrCode::with_error_correction_level(sheet.kit, EcLevel::M);
    let code = code.map_err(|error| Failure::local("the QR code cannot be made", &error))?;
    let code =
        Zeroizing::new(code.render::<Dense1x2>().dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build());
    let url = visible::line(sheet.url);
    Ok(Zeroizing::new(format!(
        "STRONGHOLD RECOVERY KIT\n\n\
         Person        {}\n\
         Organization  {}\n\
         Server        {}\n\
         Made          {}\n\n\
         This replaces a forgotten password. Whoever holds it can act as you: print it, lock it away,\n\
         and keep no copy in a mailbox, a chat or a cloud drive.\n\n\
         To use it, run\n\n    \
         api-stronghold-cli --url {} auth recover --kit -\n\n\
         and paste this line (the QR code holds the same):\n\n{}\n\n{}\n",
        visible::line(sheet.email.as_str()),
        sheet.org,
        url,
        sheet.at,
        url,
        sheet.kit,
        *code
    )))
}
