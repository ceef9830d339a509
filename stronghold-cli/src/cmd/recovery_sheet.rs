//! The recovery kit as a sheet to print.

use crate::{args::SheetArgs, failure::Failure, files};
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use stronghold_sdk::protocol::{id::OrgId, name::Email, time::Timestamp};
use zeroize::Zeroizing;

/// What stands on a sheet.
pub(crate) struct Sheet<'a> {
    pub(crate) org: OrgId,
    pub(crate) email: &'a Email,
    pub(crate) url: &'a str,
    pub(crate) kit: &'a str,
    pub(crate) at: Timestamp,
}

/// Writes the sheet, if it is wanted. Says where it is, for people.
pub(crate) fn write(args: &SheetArgs, sheet: &Sheet) -> Result<Option<String>, Failure> {
    let Some(file) = &args.recovery_kit else { return Ok(None) };
    files::write_private(file, text(sheet)?.as_bytes())?;
    let name = file.display();
    Ok(Some(format!("It is also in {name} as a sheet with a QR code: print it, lock it away, and delete the file.")))
}

fn text(sheet: &Sheet) -> Result<Zeroizing<String>, Failure> {
    let code = QrCode::with_error_correction_level(sheet.kit, EcLevel::M);
    let code = code.map_err(|error| Failure::local("the QR code cannot be made", &error))?;
    let code =
        Zeroizing::new(code.render::<Dense1x2>().dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build());
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
        sheet.email, sheet.org, sheet.url, sheet.at, sheet.url, sheet.kit, *code
    )))
}
