//! The servers that are measured, and starting one of them on the first core.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;
use tls_transport::CertificateFiles;
use tls_transport::testing::Authority;
use usersig::SignRequest;

use crate::Error;
use crate::load::{Login, Protocol};

/// The room that everybody is in.
const GROUP: &str = "fanout";
/// The account that may call the REST API of a new application.
const ADMINISTRATOR: &str = "administrator";
/// Long enough for a member of any measurement to say nothing.
const HEARTBEAT_S: &str = "600";
/// Core of the server; the load client has [`LOAD_CORE`].
pub const SERVER_CORE: usize = 0;
pub const LOAD_CORE: usize = 1;

/// A server, as it is set for a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contender {
    /// The bare loop, one write per message and member.
    BareEach,
    /// The bare loop, one write per tick of 5 ms and member.
    BareTick,
    /// The chat server without a tick.
    ServerEach,
    /// The chat server as it is when nothing is set.
    Server,
    /// The same, whose members read compressed frames.
    ServerDeflate,
    /// The chat server over TLS.
    ServerTls,
    /// uWebSockets, as Bun has it.
    UWebSockets,
    /// The same over TLS.
    UWebSocketsTls,
}

impl Contender {
    pub fn title(self) -> &'static str {
        match self {
            Self::BareEach => "bare loop, one write per message",
            Self::BareTick => "bare loop, 5 ms tick",
            Self::ServerEach => "Liveroom, `tick_ms` 0",
            Self::Server => "Liveroom",
            Self::ServerDeflate => "Liveroom, members with `deflate`",
            Self::ServerTls => "Liveroom over TLS",
            Self::UWebSockets => "uWebSockets (in Bun)",
            Self::UWebSocketsTls => "uWebSockets (in Bun) over TLS",
        }
    }

    pub fn is_peer(self) -> bool {
        matches!(self, Self::UWebSockets | Self::UWebSocketsTls)
    }

    fn has_tls(self) -> bool {
        matches!(self, Self::ServerTls | Self::UWebSocketsTls)
    }
}

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    pub liveroom: PathBuf,
    pub bare_loop: PathBuf,
    pub load: PathBuf,
    /// Bun and the server that runs in it.
    pub peer: Option<(PathBuf, PathBuf)>,
}

/// A chat server's data folder with one application, for all measurements of a run.
pub struct Site {
    programs: Programs,
    data: TempDir,
    /// The certificate of the servers over TLS, and whoever signed it.
    certificate: CertificateFiles,
    authority: PathBuf,
    sdk_app_id: u32,
    key: String,
    /// The setting `tick_ms` of an application for which nothing is set.
    usual_tick: String,
    has_room: bool,
}

/// A server that runs. It ends when this is dropped.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
    pub protocol: Protocol,
    /// PEM file with the authority of its certificate, where it speaks TLS.
    pub ca: Option<PathBuf>,
}

impl Running {
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, and nothing that it holds is needed again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Deserialize)]
struct Application {
    sdk_app_id: u32,
    key: String,
}

#[derive(Deserialize)]
struct Setting {
    default: String,
}

#[derive(Deserialize)]
struct Ready {
    gateway: String,
    #[serde(default)]
    rest: String,
}

impl Site {
    pub fn new(programs: Programs) -> Result<Self, Error> {
        let data = tempfile::tempdir().map_err(Error::io("make a data folder"))?;
        let mut create = Command::new(&programs.liveroom);
        create.args(["app", "create", "--name", "fanout", "--data-dir"]).arg(data.path());
        let created = answer(&mut create)?;
        let Application { sdk_app_id, key } = parse(&created)?;
        let usual_tick = String::new();
        let signing = Authority::new();
        let certificate = signing.issue_to(data.path(), &["localhost"]);
        let authority = signing.write_to(data.path());
        let has_room = false;
        let site =
            Self { programs, data, certificate, authority, sdk_app_id, key, usual_tick, has_room };
        // The policy of a room chooses among messages; here every one has to be written.
        site.set("room_budget", "0")?;
        site.set("sender_rate", "0")?;
        let usual_tick = site.set("tick_ms", "0")?;
        Ok(Self { usual_tick, ..site })
    }

    /// Answers the value that the setting has when nothing is set.
    fn set(&self, name: &str, value: &str) -> Result<String, Error> {
        let mut setting = Command::new(&self.programs.liveroom);
        setting.args(["app", "setting", "--sdk-app-id", &self.sdk_app_id.to_string()]);
        setting.args(["--name", name, "--value", value, "--data-dir"]).arg(self.data.path());
        let set: Setting = parse(&answer(&mut setting)?)?;
        Ok(set.default)
    }

    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Starts a server with nobody connected.
    pub fn start(&mut self, contender: Contender) -> Result<Running, Error> {
        if contender == Contender::ServerTls && !self.has_room {
            // The call that makes the room goes to a server without TLS.
            drop(self.start(Contender::Server)?);
        }
        let mut running = self.start_one(contender)?;
        running.ca = contender.has_tls().then(|| self.authority.clone());
        Ok(running)
    }

    fn start_one(&mut self, contender: Contender) -> Result<Running, Error> {
        let tick = match contender {
            Contender::BareEach
            | Contender::BareTick
            | Contender::UWebSockets
            | Contender::UWebSocketsTls => {
                let mut command = pinned(SERVER_CORE);
                match (contender, &self.programs.peer) {
                    (Contender::UWebSockets, Some((bun, script))) => command.arg(bun).arg(script),
                    (Contender::UWebSocketsTls, Some((bun, script))) => {
                        let CertificateFiles { certificate, key } = &self.certificate;
                        command.arg(bun).arg(script).arg(certificate).arg(key)
                    }
                    (Contender::BareTick, _) => {
                        command.arg(&self.programs.bare_loop).args(["--tick-ms", "5"])
                    }
                    _ => command.arg(&self.programs.bare_loop),
                };
                return Ok(spawn(&mut command, Protocol::Bare)?.0);
            }
            Contender::ServerEach => "0",
            Contender::Server | Contender::ServerDeflate | Contender::ServerTls => &self.usual_tick,
        };
        self.set("tick_ms", tick)?;
        let mut command = pinned(SERVER_CORE);
        command.arg(&self.programs.liveroom).args([
            "serve",
            "--only",
            "chat",
            "--listen",
            "127.0.0.1:0",
        ]);
        command.args(["--log-filter", "warn", "--heartbeat-s", HEARTBEAT_S, "--data-dir"]);
        command.arg(self.data.path());
        if contender.has_tls() {
            command.arg("--tls-cert").arg(&self.certificate.certificate);
            command.arg("--tls-key").arg(&self.certificate.key);
        }
        let login = Login {
            sdk_app_id: self.sdk_app_id,
            key: self.key.clone(),
            group_id: GROUP.to_owned(),
            deflate: contender == Contender::ServerDeflate,
        };
        let (running, rest) = spawn(&mut command, Protocol::Gateway(login))?;
        if !self.has_room {
            self.make_room(&rest)?;
            self.has_room = true;
        }
        Ok(running)
    }

    fn make_room(&self, rest: &str) -> Result<(), Error> {
        let user_sig = usersig::sign(&SignRequest {
            sdk_app_id: self.sdk_app_id,
            key: &self.key,
            identifier: ADMINISTRATOR,
            time_s: SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs(),
            expire_s: 3_600,
            userbuf: None,
        })
        .map_err(|error| Error::Unexpected(error.to_string()))?;
        let url = format!(
            "{rest}/v4/group_open_http_svc/create_group?sdkappid={}&identifier={ADMINISTRATOR}\
             &usersig={user_sig}&random=1&contenttype=json",
            self.sdk_app_id
        );
        let room = json!({ "Type": "AVChatRoom", "GroupId": GROUP, "Name": GROUP });
        let failed = |error: ureq::Error| Error::Unexpected(format!("no room was made: {error}"));
        let mut answer = ureq::post(&url).send_json(room).map_err(failed)?;
        let answer: Value = answer.body_mut().read_json().map_err(failed)?;
        if answer["ErrorCode"] == 0 {
            Ok(())
        } else {
            Err(Error::Unexpected(format!("no room was made: {answer}")))
        }
    }
}

/// A command on one core that may open as many sockets as the system lets it, and that ends with
/// this process, however that ends; what to run follows.
pub fn pinned(core: usize) -> Command {
    let mut command = Command::new("sh");
    let script = format!(
        r#"ulimit -n "$(ulimit -Hn)" && exec setpriv --pdeathsig KILL taskset -c {core} "$@""#
    );
    command.args(["-c", &script, "sh"]);
    command
}

fn spawn(command: &mut Command, protocol: Protocol) -> Result<(Running, String), Error> {
    let doing = || Error::io("start a server");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(doing())?;
    let stdout = child.stdout.take();
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut running = Running { child, address, protocol, ca: None };
    let mut line = String::new();
    if let Some(stdout) = stdout {
        BufReader::new(stdout).read_line(&mut line).map_err(doing())?;
    }
    let ready: Ready = parse(&line)?;
    let address = ready.gateway.split('/').nth(2);
    running.address = address.and_then(|address| address.parse().ok()).ok_or_else(|| {
        Error::Unexpected(format!("a server listens at no address that can be read: {line}"))
    })?;
    Ok((running, ready.rest))
}

fn answer(command: &mut Command) -> Result<String, Error> {
    let program = Path::new(command.get_program()).display().to_string();
    let output = command.output().map_err(Error::io(format!("start {program}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Error::Unexpected(format!("{program} failed: {complaint}")))
}

/// JSON from one of the programs. What it printed is not repeated: it may be a key.
fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::Unexpected(format!("a program answered what is no JSON: {error}")))
}
