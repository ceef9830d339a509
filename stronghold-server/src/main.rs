//! Reads the configuration and serves until it is told to stop.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{
    ops::ControlFlow,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use stronghold_protocol::time::{Clock, SystemClock};
use stronghold_server::{
    access::openapi_document,
    audit::{
        archive,
        stream::{self, StreamOptions},
    },
    backup::{self, BackedUpOrg, Progress, Watch},
    config::{
        ArchiveArguments, Arguments, AuditCommand, BackupArguments, Command, DataDir, RestoreArguments, ServeArguments,
    },
    console::Console,
    http::Server,
    log::{LogThrottle, WINDOW_MILLIS},
    service::{Service, ServiceKeys, SetupCode},
    shown::{self, say_line, start_log},
    store::{Store, sqlite::SqliteStore},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};

/// What is printed when the server cannot go on; one line.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How often what need not be kept is forgotten.
const TIDY_EVERY: Duration = Duration::from_secs(60 * 60);

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args_os(), |name| std::env::var_os(name)) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say_line(&format!("stronghold-server: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match &arguments.command {
        Some(Command::Openapi) => serde_json::to_string_pretty(&openapi_document())?.lines().try_for_each(print_line),
        Some(Command::SetupCode(setup)) => {
            runtime.block_on(make_setup_code(&DataDir::open(&setup.data_dir)?, setup.show))
        }
        Some(Command::Audit(AuditCommand::Archive(archive))) => runtime.block_on(archive_records(archive)),
        Some(Command::Backup(backup)) => runtime.block_on(take_backup(backup)),
        Some(Command::Restore(restore)) => runtime.block_on(restore_backup(restore)),
        None => {
            let serve = &arguments.serve;
            serve.check()?;
            let throttle = LogThrottle::new(Arc::new(SystemClock));
            start_log(serve, &throttle).map_err(|error| format!("--log-level {}: {error}", serve.log_level))?;
            raise_open_files();
            let served = runtime.block_on(serve_until_stopped(serve, &throttle));
            throttle.report();
            served
        }
    }
}

async fn serve_until_stopped(arguments: &ServeArguments, throttle: &LogThrottle) -> Result<(), Failure> {
    let directory = arguments.data_dir.as_deref().ok_or("--data-dir is missing")?;
    let data = DataDir::open(directory)?;
    let tls = arguments.tls()?;
    let server = Server::bind(arguments.listen, tls, arguments.serve_limits())
        .await
        .map_err(|error| format!("cannot listen at {}: {error}", arguments.listen))?;
    let address = server.local_address()?;
    let server = server.with_console(arguments.console(address)?).with_proxies(arguments.proxies()?);
    let keys = ServiceKeys::from_checkpoint_seed(&*data.checkpoint_seed()?);
    let store = open_store(&data)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let sinks = arguments.streams.sinks(&clock)?;
    let service = Service::start(store, arguments.settings(address)?, keys, clock).await?;
    make_first_setup_code(&service, &data).await?;
    let stopped = stop_signal()?;
    let mut background = vec![tokio::spawn(tidy(service.clone())), tokio::spawn(report(throttle.clone()))];
    for sink in sinks {
        tracing::info!(sink = sink.name(), "streaming the audit log");
        background.push(tokio::spawn(stream::run(service.store().clone(), sink, StreamOptions::default())));
    }
    print_line(&format!("listening on {}", arguments.listening_url(address)))?;
    let console = Console::is_embedded() && !arguments.no_console;
    tracing::info!(%address, console, "serving");
    server.run(service, stopped).await;
    background.iter().for_each(JoinHandle::abort);
    tracing::info!("stopped");
    Ok(())
}

async fn make_first_setup_code<S: Store>(service: &Service<S>, data: &DataDir) -> Result<(), Failure> {
    if service.had_setup_code().await? {
        return Ok(());
    }
    // The file first: a code that is good but nowhere written down would be lost.
    let code = SetupCode::generate()?;
    let path = data.write_setup_code(code.expose())?;
    service.allow_setup(&code).await?;
    say_line(&format!("first start: create an organization with the setup code in {}", path.display()));
    Ok(())
}

/// Makes another setup code: in a file of its own whose path is printed, or, where that is asked for, on standard output.
async fn make_setup_code(data: &DataDir, show: bool) -> Result<(), Failure> {
    let code = SetupCode::generate()?;
    let store = open_store(data)?;
    let printed = match show {
        true => code.expose().to_owned(),
        // The file first: a code that is good but nowhere written down would be lost.
        false => data.write_further_setup_code(code.expose())?.display().to_string(),
    };
    stronghold_server::service::allow_setup(&store, &code, &SystemClock).await?;
    print_line(&printed)
}

async fn archive_records(arguments: &ArchiveArguments) -> Result<(), Failure> {
    let database = DataDir::open(&arguments.data_dir)?.database();
    if !database.is_file() {
        // A slip in the folder's name must not make a database there.
        return Err(format!("there is no database at {}", database.display()).into());
    }
    let store = SqliteStore::open(&database).map_err(|error| format!("{}: {error}", database.display()))?;
    match archive::archive(&store, &arguments.request()).await? {
        Some(archived) => {
            let (count, last) = (archived.to - archived.from, archived.to - 1);
            let kept = if arguments.keep { "; they are in the database as well" } else { "" };
            let file = arguments.output.display();
            print_line(&format!("archived {count} records, {} to {last}, in {file}{kept}", archived.from))
        }
        None => print_line("no record is older: nothing was archived"),
    }
}

async fn take_backup(arguments: &BackupArguments) -> Result<(), Failure> {
    let request = arguments.request();
    let manifest = stoppable(move |watch| backup::take(&request, SystemClock.now(), watch)).await??;
    let (out, bytes) = (arguments.out.display(), manifest.files.database.bytes);
    print_line(&format!("backed up into {out}: {bytes} bytes, as of {}", manifest.time))?;
    print_organizations(&manifest.organizations)?;
    match manifest.files.checkpoint_key {
        Some(_) => Ok(()),
        None => print_line("the checkpoint key is not in it: no server starts on it without that file"),
    }
}

async fn restore_backup(arguments: &RestoreArguments) -> Result<(), Failure> {
    let request = arguments.request();
    let restored = stoppable(move |watch| backup::restore(&request, SystemClock.now(), watch)).await??;
    let data_dir = arguments.data_dir.display();
    print_line(&format!("restored into {data_dir}: the backup of {}", restored.manifest.time))?;
    print_organizations(&restored.manifest.organizations)?;
    match restored.setup_codes {
        0 => {}
        open => print_line(&format!(
            "{open} open setup codes are void: make another with stronghold-server setup-code --data-dir {data_dir}"
        ))?,
    }
    print_line(&format!(
        "next: start the server with --data-dir {data_dir}, then run `api-stronghold-cli org verify` on each client, \
         which compares it with what the client remembers"
    ))
}

fn print_organizations(organizations: &[BackedUpOrg]) -> Result<(), Failure> {
    for BackedUpOrg { org, statements, head, records } in organizations {
        print_line(&format!("organization {org}: {statements} statements, head {head}, {records} audit records"))?;
    }
    Ok(())
}

/// Does what takes long on a thread of its own, saying on standard error how far it is. Told to stop, it ends at the next
/// occasion and leaves nothing behind; told again, at once.
async fn stoppable<T: Send + 'static>(work: impl FnOnce(&mut Watch<'_>) -> T + Send + 'static) -> Result<T, Failure> {
    let stopped = Arc::new(AtomicBool::new(false));
    let (first, second) = (stop_signal()?, Arc::clone(&stopped));
    let signals = tokio::spawn(async move {
        first.await;
        second.store(true, Ordering::Relaxed);
        if let Ok(again) = stop_signal() {
            again.await;
            std::process::exit(1);
        }
    });
    let done = tokio::task::spawn_blocking(move || {
        let mut said = 0;
        work(&mut |progress| {
            said = say_progress(progress, said);
            if stopped.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    });
    let done = done.await?;
    signals.abort();
    Ok(done)
}

/// Says each tenth of what takes a while. Returns how many tenths were said.
fn say_progress(progress: Progress, said: u64) -> u64 {
    const LARGE: u64 = 256 * 1024 * 1024;
    let Progress { done, total } = progress;
    let tenths = if total < LARGE { 0 } else { done.saturating_mul(10) / total };
    if tenths > said {
        say_line(&format!("{}% of {} MiB", tenths * 10, total / (1024 * 1024)));
    }
    tenths.max(said)
}

fn open_store(data: &DataDir) -> Result<SqliteStore, Failure> {
    let path = data.database();
    SqliteStore::open(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}

async fn tidy<S: Store>(service: Service<S>) {
    loop {
        if let Err(error) = service.tidy().await {
            tracing::warn!(%error, "old nonces could not be forgotten");
        }
        tokio::time::sleep(TIDY_EVERY).await;
    }
}

/// Says now and then how many log lines were left out.
async fn report(throttle: LogThrottle) {
    loop {
        tokio::time::sleep(Duration::from_millis(WINDOW_MILLIS.unsigned_abs())).await;
        throttle.report();
    }
}

/// Lets this process open as many files as it may: a connection is one, and the usual limit is a quarter of what is served.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, current = ?limit.current, "the limit on open files could not be raised");
    }
}

/// Ready when the process is told to stop: SIGTERM or SIGINT.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn print_line(line: &str) -> Result<(), Failure> {
    Ok(shown::print_line(line)?)
}
