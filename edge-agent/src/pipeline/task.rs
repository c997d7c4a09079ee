//! The worker: one request after the other, so that the same content is never made twice at once and a slice never
//! starves the printers.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use firmware_profiles::{Control, Material, Profile};
use protocol::{
    grid::GridSpec,
    ids::{JobId, Sha256},
    wire::v1::Artifact,
};
use tokio::sync::{OnceCell, mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    StageError,
    audit::{self, Audited},
    engine::Engine,
    mesh, pack,
    slice::{self, Model},
};
use crate::{
    blobs::BlobStore,
    config,
    files::{self, FileError},
    ledger::{
        Ledger,
        artifacts::{Cached, Facts},
    },
    sandbox::{self, Cage},
};

/// Requests that may wait; one more is refused and asked again by the scheduler.
const QUEUE_MAX: usize = 64;
/// Part of every key: a change of what we do to G-code after the slicer makes other artifacts.
const POST_PROCESSOR: &str = "post/1";

/// A job to prepare for one printer class and material.
#[derive(Debug, Clone)]
pub struct Request {
    /// The job.
    pub job: JobId,
    /// Where its bytes come from.
    pub artifact: Artifact,
    /// The printer class.
    pub profile: Arc<Profile>,
    /// The material.
    pub material: Arc<Material>,
}

/// A job for a printer class and a material.
pub type Class = (JobId, String, String);

impl Request {
    /// What it makes, for whom.
    #[must_use]
    pub fn class(&self) -> Class {
        (self.job, self.profile.id.to_string(), self.material.name.clone())
    }
}

/// A handle to the worker; cheap to clone.
#[derive(Debug, Clone)]
pub struct Pipeline {
    queue: mpsc::Sender<Request>,
    pending: Pending,
}

/// What waits or is being made: asked for once, however long it takes.
type Pending = Arc<Mutex<BTreeSet<Class>>>;

impl Pipeline {
    /// Asks for a job to be prepared; the result goes to the ledger. False when it was asked for already, or when
    /// the queue is full.
    #[must_use]
    pub fn request(&self, request: Request) -> bool {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let class = request.class();
        !pending.contains(&class) && self.queue.try_send(request).is_ok() && pending.insert(class)
    }
}

/// What the worker needs.
#[derive(Debug)]
pub struct Worker {
    ledger: Ledger,
    blobs: BlobStore,
    settings: config::Slicer,
    agent: std::path::PathBuf,
    engine: OnceCell<Engine>,
    pending: Pending,
}

impl Pipeline {
    /// A pipeline and the worker behind it. `agent` is this program, which enters the slicer's cage.
    #[must_use]
    pub fn new(
        ledger: Ledger,
        blobs: BlobStore,
        settings: config::Slicer,
        agent: std::path::PathBuf,
    ) -> (Self, Worker, mpsc::Receiver<Request>) {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let pending = Pending::default();
        let worker =
            Worker { ledger, blobs, settings, agent, engine: OnceCell::new(), pending: Arc::clone(&pending) };
        (Self { queue, pending }, worker, waiting)
    }
}

impl Worker {
    /// Works until `stop`.
    pub async fn run(self, mut waiting: mpsc::Receiver<Request>, stop: CancellationToken) {
        loop {
            let request = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                next = waiting.recv() => match next {
                    Some(request) => request,
                    None => return,
                },
            };
            let (job, class) = (request.job, request.class());
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                done = self.one(request) => if let Err(error) = done {
                    tracing::warn!(job.id = %job, error = &error as &dyn std::error::Error, "job {job} could not be prepared");
                },
            }
            self.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(&class);
        }
    }

    async fn one(&self, request: Request) -> Result<(), StageError> {
        let (job, profile, material) = request.class();
        let class = (profile, material);
        self.ledger.stage_began(job).await?;
        match self.prepare(&request).await {
            Ok((sha256, facts)) => {
                tracing::info!(job.id = %job, artifact = %sha256, "job {job} is ready for {}", class.0);
                self.ledger.staged(job, class, sha256, facts).await?;
                Ok(())
            }
            Err(error) => {
                self.ledger.stage_failed(job, error.to_string(), error.is_final()).await?;
                Err(error)
            }
        }
    }

    /// From the cache, or made now.
    async fn prepare(&self, request: &Request) -> Result<(Sha256, Facts), StageError> {
        let engine = self.engine().await?;
        let key = key(request, &engine.identity);
        match self.ledger.cached(key.clone()).await? {
            Some(Cached::Made(sha256, facts)) if self.blobs.verify(sha256).is_ok() => {
                return Ok((sha256, facts));
            }
            Some(Cached::Made(..)) => self.ledger.forget_cached(key.clone()).await?,
            Some(Cached::Failed(why)) => return Err(StageError::FailedBefore(why)),
            None => {}
        }
        let result = self.make(request, engine).await;
        match &result {
            Ok((sha256, facts)) => self.ledger.remember(key, Cached::Made(*sha256, facts.clone())).await?,
            Err(error) if error.is_final() => {
                self.ledger.remember(key, Cached::Failed(error.to_string())).await?
            }
            Err(_may_pass) => {}
        }
        result
    }

    async fn engine(&self) -> Result<&Engine, StageError> {
        let find = || async {
            let cage = sandbox::choose(self.settings.sandbox, &self.agent).await?;
            if cage == Cage::Open {
                tracing::warn!("the slicer runs without a sandbox, as slicer.sandbox = \"none\" says");
            }
            Engine::find(&self.settings, cage, self.agent.clone()).await
        };
        self.engine.get_or_try_init(find).await
    }

    async fn make(&self, request: &Request, engine: &Engine) -> Result<(Sha256, Facts), StageError> {
        let folder = Scratch::new(&self.blobs.temporary(), request.job)?;
        let (gcode, audited) = match &request.artifact {
            Artifact::Grid { spec, plate } => {
                let mesh = grid_mesh(spec, plate, &folder.0).await?;
                let job = request.job;
                tracing::info!(milestone = "MeshMade", job.id = %job, "plate {plate} of job {job} is a mesh");
                let model = Model { path: &mesh.path, volume_mm3: Some(mesh.volume_mm3) };
                slice::slice(engine, &folder.0, model, &request.profile, &request.material).await?
            }
            Artifact::Blob { sha256, name, .. } => {
                self.of_file(*sha256, name, request, (engine, &folder.0)).await?
            }
        };
        let facts = facts(&audited);
        let sha256 = match &request.profile.control {
            Control::Streamed(_) | Control::PrinterOwnedHttp(_) => self.blobs.take(&gcode)?,
            Control::PrinterOwned(_) => {
                let text = std::fs::read_to_string(&gcode).map_err(FileError::of("read", &gcode))?;
                let packed = pack::gcode_3mf(&text, &audited, &request.material.name);
                self.blobs.put(&packed.map_err(|e| StageError::Unsupported(e.to_string()))?)?
            }
        };
        Ok((sha256, facts))
    }

    /// A file of the job: a model is sliced, G-code is only audited.
    async fn of_file(
        &self,
        sha256: Sha256,
        name: &str,
        request: &Request,
        (engine, folder): (&Engine, &Path),
    ) -> Result<(std::path::PathBuf, Audited), StageError> {
        let file = self.blobs.verify(sha256)?;
        let ending =
            Path::new(name).extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        match ending.as_str() {
            "stl" => {
                let model = folder.join("model.stl");
                copy(&file, &model)?;
                let model = Model { path: &model, volume_mm3: None };
                slice::slice(engine, folder, model, &request.profile, &request.material).await
            }
            "gcode" | "gco" | "g" => {
                let gcode = folder.join("plate.gcode");
                copy(&file, &gcode)?;
                let audited = audit::file(&gcode, &request.profile, &request.material, None)?;
                Ok((gcode, audited))
            }
            _ => {
                Err(StageError::Unsupported(format!("{name} is neither a model (.stl) nor G-code (.gcode).")))
            }
        }
    }
}

/// Meshing takes up to a second of processor time: off the async threads.
async fn grid_mesh(spec: &GridSpec, plate: &str, folder: &Path) -> Result<mesh::Mesh, StageError> {
    let (spec, name, folder) = (spec.clone(), plate.to_owned(), folder.to_owned());
    let made = tokio::task::spawn_blocking(move || mesh::make(&spec, &name, &folder)).await;
    made.map_err(|e| StageError::Grid { plate: plate.to_owned(), why: e.to_string() })?
}

/// Everything that decides the bytes, hashed. Threads do not; the processor does (measured).
fn key(request: &Request, engine: &str) -> String {
    let model = match &request.artifact {
        Artifact::Grid { spec, plate } => format!("grid {} {plate}", spec.grid_key()),
        Artifact::Blob { sha256, name, .. } => format!("file {sha256} {name}"),
    };
    let kind = match request.profile.control {
        Control::Streamed(_) | Control::PrinterOwnedHttp(_) => "plain",
        Control::PrinterOwned(_) => "packed",
    };
    let settings = slice::settings(&request.profile, &request.material);
    let text =
        format!("slice/v1\n{engine}\n{model}\n{kind}\n{POST_PROCESSOR}\n{}\n{settings}", request.profile.id);
    Sha256::of(text.as_bytes()).to_string()
}

fn facts(it: &Audited) -> Facts {
    Facts {
        time_s: it.time_s,
        filament_mm: it.filament_mm,
        mass_g: it.mass_g,
        layers: it.layers,
        max_z_mm: it.max_z_mm,
        lines: it.lines,
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    std::fs::copy(from, to).map(|_bytes| ()).map_err(FileError::of("copy to", to))
}

/// A folder that is gone when its slice is done.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(below: &Path, job: JobId) -> Result<Self, FileError> {
        let folder = below.join(format!("slice-{job}"));
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(FileError::of("remove", &folder))?;
        }
        files::make_folder(&folder)?;
        Ok(Self(folder))
    }
}
impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, "a scratch folder is left for the next start to remove");
        }
    }
}
