//! Slurm itself, on this machine alone: a controller and two nodes, without systemd,
//! accounts or a fixed port.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

const PROGRAMS: [&str; 5] = ["slurmctld", "slurmd", "munged", "sbatch", "squeue"];

pub(super) struct Cluster {
    dir: TempDir,
    /// Where jobs are submitted from.
    place: PathBuf,
    nodes: BTreeMap<&'static str, Child>,
    others: Vec<Child>,
    start: Instant,
    /// Where each job was last seen, as `STATE reason node`.
    seen: BTreeMap<String, String>,
    log: Vec<String>,
}

impl Cluster {
    /// Starts one for the folder `place`, in which `metaplast` is this program. None where
    /// there is no Slurm, unless METAPLAST_SLURM=required.
    pub(super) fn start(place: &Path) -> Option<Cluster> {
        if let Some(lacking) = lacking() {
            let required = std::env::var_os("METAPLAST_SLURM").is_some_and(|v| v == "required");
            assert!(!required, "METAPLAST_SLURM=required, but {lacking}");
            eprintln!("SKIPPED: {lacking}");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let bin = place.join("bin");
        fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_metaplast"), bin.join("metaplast")).unwrap();
        let mut cluster = Cluster {
            dir,
            place: place.to_owned(),
            nodes: BTreeMap::new(),
            others: Vec::new(),
            start: Instant::now(),
            seen: BTreeMap::new(),
            log: Vec::new(),
        };
        cluster.configure();
        cluster.munge();
        let controller = cluster.daemon("slurmctld", &["-D"]);
        cluster.others.push(controller);
        for node in ["n1", "n2"] {
            cluster.start_node(node);
        }
        cluster.until("both nodes are idle", |cluster| {
            let nodes = cluster.told("sinfo", &["--noheader", "--Node", "--format=%T"]);
            nodes.lines().collect::<Vec<_>>() == ["idle", "idle"]
        });
        Some(cluster)
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn configure(&self) {
        fs::create_dir(self.path("state")).unwrap();
        let ports: Vec<TcpListener> = (0..3)
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let port = |i: usize| ports[i].local_addr().unwrap().port();
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let host = host.trim().split('.').next().unwrap();
        let dir = self.dir.path().display();
        let node = |name: &str, port: u16| {
            format!(
                "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 \
                 RealMemory=2000\n"
            )
        };
        let text = format!(
            "ClusterName=test\n\
             SlurmctldHost={host}(127.0.0.1)\n\
             SlurmctldPort={}\n\
             CommunicationParameters=NoCtldInAddrAny,NoInAddrAny\n\
             AuthType=auth/munge\nCredType=cred/munge\nAuthInfo=socket={dir}/munge.socket\n\
             SlurmUser=root\nSlurmdUser=root\n\
             StateSaveLocation={dir}/state\nSlurmdSpoolDir={dir}/%n\n\
             SlurmctldPidFile={dir}/slurmctld.pid\nSlurmdPidFile={dir}/%n.pid\n\
             SlurmctldLogFile={dir}/slurmctld.log\nSlurmdLogFile={dir}/%n.log\n\
             ProctrackType=proctrack/pgid\nTaskPlugin=task/none\nSwitchType=switch/none\n\
             SelectType=select/cons_tres\nSelectTypeParameters=CR_Core_Memory\n\
             MpiDefault=none\nJobCompType=jobcomp/none\n\
             AccountingStorageType=accounting_storage/none\n\
             JobAcctGatherType=jobacct_gather/none\n\
             RequeueExit=75,130\nJobFileAppend=1\nReturnToService=2\n\
             SlurmdParameters=config_overrides\n\
             SlurmdTimeout=3\nSlurmctldTimeout=5\nInactiveLimit=0\nKillWait=5\nMinJobAge=3600\n\
             SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,\
             sched_min_interval=0\n\
             {}{}PartitionName=main Nodes=n1,n2 Default=YES MaxTime=60 State=UP\n",
            port(0),
            node("n1", port(1)),
            node("n2", port(2)),
        );
        fs::write(self.path("slurm.conf"), text).unwrap();
    }

    /// Starts the service by which the others know each other.
    fn munge(&mut self) {
        use std::os::unix::fs::PermissionsExt;
        let key = self.path("munge.key");
        let mut random = fs::File::open("/dev/urandom").unwrap();
        let mut bytes = [0; 1024];
        std::io::Read::read_exact(&mut random, &mut bytes).unwrap();
        fs::write(&key, bytes).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let file = |name: &str, of: &str| format!("--{name}={}", self.path(&format!("munge.{of}")));
        let args = [
            file("key-file", "key"),
            file("socket", "socket"),
            file("pid-file", "pid"),
            file("log-file", "log"),
            file("seed-file", "seed"),
        ];
        let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
        args.extend(["--force", "--foreground"]);
        let munge = self.daemon("munged", &args);
        self.others.push(munge);
        let socket = self.path("munge.socket");
        self.until("munge listens", |_| Path::new(&socket).exists());
    }

    fn daemon(&self, program: &str, args: &[&str]) -> Child {
        let mut command = self.command(program, args);
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    pub(super) fn start_node(&mut self, name: &'static str) {
        self.note(format!("node {name} is started"));
        let node = self.daemon("slurmd", &["-D", "-N", name]);
        self.nodes.insert(name, node);
    }

    /// Kills a node with all that runs on it, as a power cut does.
    pub(super) fn kill_node(&mut self, name: &'static str) {
        self.note(format!("node {name} is killed, with all that runs on it"));
        let mut node = self.nodes.remove(name).unwrap();
        node.kill().unwrap();
        node.wait().unwrap();
        let on = format!("SLURMD_NODENAME={name}");
        let own = self.processes();
        for (id, process) in &own {
            if process.environment.contains(&on) {
                // The step's daemon first, which would tell the controller.
                if own.contains_key(&process.parent) {
                    kill(process.parent);
                }
                kill(*id);
            }
        }
    }

    /// All processes of this cluster and its jobs.
    fn processes(&self) -> BTreeMap<u32, Process> {
        let dir = self.dir.path().to_str().unwrap();
        let ids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let name = entry.ok()?.file_name();
            name.to_str()?.parse::<u32>().ok()
        });
        let own = ids.filter_map(|id| Some((id, Process::read(id)?)));
        own.filter(|(id, process)| {
            *id != std::process::id() && process.environment.iter().any(|entry| entry.contains(dir))
        })
        .collect()
    }

    pub(super) fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap();
        let bin = self.place.join("bin");
        command
            .args(args)
            .current_dir(&self.place)
            .env("SLURM_CONF", self.path("slurm.conf"))
            .env("PATH", format!("{}:{path}:/usr/sbin", bin.display()))
            .env("HOME", &self.place)
            .env_remove("METAPLAST_DATA");
        command
    }

    /// What a command prints, which need not succeed.
    pub(super) fn told(&self, program: &str, args: &[&str]) -> String {
        let output = self.command(program, args).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What a command prints, which must succeed.
    pub(super) fn good(&mut self, program: &str, args: &[&str]) -> String {
        let output = self.command(program, args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {args:?}: {told}");
        let printed = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        self.note(format!("$ {program} {}: {printed} {told}", args.join(" ")));
        printed
    }

    /// The number of a job that is submitted.
    pub(super) fn sbatch(&mut self, args: &[&str]) -> String {
        let args = [&["--parsable"], args].concat();
        self.good("sbatch", &args)
    }

    /// The states of all tasks of a job, in order, as last seen.
    pub(super) fn states(&self, job: &str) -> Vec<&str> {
        let array = format!("{job}_");
        let of = |id: &str| id == job || id.starts_with(&array);
        let own = self.seen.iter().filter(|(id, _)| of(id));
        own.map(|(_, seen)| seen.split(' ').next().unwrap_or_default())
            .collect()
    }

    /// Looks at the queue until what is wanted is so, and lets what was put back into it
    /// start at once, which Slurm keeps for two minutes.
    pub(super) fn until(&mut self, what: &str, so: impl Fn(&Cluster) -> bool) {
        let since = Instant::now();
        while !so(self) {
            if since.elapsed() > PATIENCE {
                self.show();
                panic!("not within {} s: {what}", PATIENCE.as_secs());
            }
            sleep(Duration::from_millis(200));
            // Asked before there are nodes, Slurm's commands try for ten seconds.
            if !self.nodes.is_empty() {
                self.look();
            }
        }
        self.note(format!("so it is: {what}"));
    }

    fn look(&mut self) {
        let args = [
            "--noheader",
            "--array",
            "--states=all",
            "--format=%i|%T|%r|%N|%j",
        ];
        for line in self.told("squeue", &args).lines() {
            let cells: Vec<&str> = line.split('|').collect();
            let [id, state, reason, node, name] = cells[..] else {
                continue;
            };
            if (state, reason) == ("PENDING", "BeginTime") {
                let id = format!("JobId={id}");
                self.told("scontrol", &["update", &id, "StartTime=now"]);
            }
            let now = format!("{state} {reason} {node}");
            if self.seen.get(id) != Some(&now) {
                self.note(format!("{id} ({name}): {}", now.trim_end()));
                self.seen.insert(id.to_owned(), now);
            }
        }
    }

    pub(super) fn note(&mut self, line: String) {
        let at = self.start.elapsed().as_secs_f64();
        self.log.push(format!("{at:6.1} s  {}", line.trim_end()));
    }

    /// Prints all that happened.
    pub(super) fn show(&self) {
        println!("{}", self.log.join("\n"));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show();
            for name in ["slurmctld.log", "n1.log", "n2.log", "munge.log"] {
                let text = fs::read_to_string(self.path(name)).unwrap_or_default();
                let lines: Vec<&str> = text.lines().collect();
                let last = &lines[lines.len().saturating_sub(30)..];
                println!("{name}, its last lines:\n{}", last.join("\n"));
            }
        }
        // Daemons start others, which go on alone: until none is left.
        for _ in 0..50 {
            let left = self.processes();
            if left.is_empty() {
                break;
            }
            left.into_keys().for_each(kill);
            sleep(Duration::from_millis(50));
        }
        for child in self.others.iter_mut().chain(self.nodes.values_mut()) {
            let _ = child.wait();
        }
    }
}

struct Process {
    parent: u32,
    environment: Vec<String>,
}

impl Process {
    /// None if it has ended.
    fn read(id: u32) -> Option<Process> {
        let environment = fs::read(format!("/proc/{id}/environ")).ok()?;
        let environment = String::from_utf8_lossy(&environment);
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        Some(Process {
            parent: parent.trim().parse().ok()?,
            environment: environment.split('\0').map(str::to_owned).collect(),
        })
    }
}

fn kill(id: u32) {
    let _ = Command::new("kill")
        .args(["-KILL", &id.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// Why there can be no cluster here.
fn lacking() -> Option<String> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    let found = |program: &str| std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
    if let Some(program) = PROGRAMS.iter().find(|program| !found(program)) {
        return Some(format!(
            "there is no {program} here (apt-get install slurmctld slurmd slurm-client munge)"
        ));
    }
    let id = Command::new("id").arg("-u").output().ok()?;
    let root = id.stdout == b"0\n";
    (!root).then(|| "only root can start the daemons of Slurm".to_owned())
}
