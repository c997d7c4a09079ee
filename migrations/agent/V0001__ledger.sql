-- The agent's ledger: what the hub wants, what was tried, what lies on the beds, what was told to the hub.

create table meta (
    key text primary key,
    value text not null
) strict;

-- One row per job that this agent holds or held. Kept 45 days after it is over, for a restored hub.
create table assignment (
    job text primary key,
    epoch_hub integer not null,
    epoch_count integer not null,
    revision integer not null,
    state text not null check (state in
        ('Seen', 'Staging', 'Ready', 'Claimed', 'Started', 'Closed', 'Declined', 'Released')),
    closed_as text check (closed_as in ('Good', 'Replaced', 'Failed', 'Cancelled', 'Sliced', 'LabelPrinted')),
    claim_incarnation text,
    body text not null,
    label text not null,
    is_held integer not null default 0,
    only_printer text,
    position integer not null default 0,
    reason text,
    stage_tries integer not null default 0,
    replaces text unique references assignment (job),
    counted text,
    version integer not null default 1,
    seen_ms integer not null,
    over_ms integer,
    check ((state = 'Closed') = (closed_as is not null))
) strict;
create index assignment_open on assignment (state) where state not in ('Closed', 'Declined', 'Released');

-- G-code made for a job, per printer class and material.
create table job_artifact (
    job text not null references assignment (job),
    profile text not null,
    material text not null,
    sha256 text not null,
    facts text not null,
    primary key (job, profile, material)
) strict;

-- Results of the pipeline by content key; a failure is remembered too.
create table artifact_cache (
    key text primary key,
    sha256 text,
    facts text,
    failure text,
    used_ms integer not null,
    check ((sha256 is null) <> (failure is null))
) strict;

create table attempt (
    incarnation text not null,
    n integer not null,
    job text not null references assignment (job),
    printer text not null,
    owner text not null check (owner in ('stream', 'printer')),
    task_id text not null unique,
    state text not null check (state in
        ('Starting', 'Printing', 'Paused', 'Finished', 'Failed', 'Cancelled', 'Unknown')),
    why text,
    may_have_printed integer not null,
    lost text,
    seen_running integer not null default 0,
    guards text not null,
    artifact text not null,
    evidence text,
    last_line_next integer not null default 0,
    acked_line integer not null default 0,
    done_permille integer not null default 0,
    z_um integer not null default 0,
    is_counted integer not null default 0,
    started_ms integer not null,
    ended_ms integer,
    primary key (incarnation, n),
    check ((state = 'Failed') = (why is not null)),
    check ((state = 'Unknown') = (lost is not null))
) strict;
create index attempt_job on attempt (job);
-- A second attempt of a job exists only after the first is proven, or said by a person, not to have started;
-- and a printer has one attempt at a time.
create unique index attempt_one_per_job on attempt (job) where may_have_printed = 1;
create unique index attempt_one_per_printer on attempt (printer)
    where state in ('Starting', 'Printing', 'Paused', 'Unknown');

-- One row per printer ever seen; a printer without a row counts as not known to be clear.
create table bed (
    printer text primary key,
    state text not null check (state in ('clear', 'occupied')),
    cause text not null,
    attempt_incarnation text,
    attempt_n integer,
    by_whom text not null,
    since_ms integer not null,
    version integer not null default 1
) strict;

-- What operators said of a printer. Its settings come from the configuration file.
create table printer (
    printer text primary key,
    material text,
    color text,
    confirmed_profile text,
    out_of_service text,
    open_port integer not null default 1
) strict;

-- Numbered by a counter in meta, never by the row id: acknowledged rows are deleted, numbers are not reused.
create table event (
    seq integer primary key,
    job text,
    epoch_hub integer,
    epoch_count integer,
    boot_id text not null,
    mono_ms integer not null,
    wall_ms integer,
    body text not null,
    is_critical integer not null
) strict;

-- Every decision and piece of evidence of an attempt, in order: what `explain` prints.
create table journal (
    id integer primary key,
    incarnation text not null,
    n integer not null,
    at_ms integer not null,
    what text not null
) strict;
create index journal_attempt on journal (incarnation, n);

create table device (
    token_sha256 text primary key,
    name text not null,
    role text not null check (role in ('operator', 'admin')),
    created_ms integer not null,
    seen_ms integer not null
) strict;

create table pairing_code (
    code_sha256 text primary key,
    role text not null check (role in ('operator', 'admin')),
    expires_ms integer not null
) strict;

create table idempotency (
    key text primary key,
    answer text not null,
    at_ms integer not null
) strict;
