-- The hub's first schema. Ids are text, times are milliseconds since 1970 UTC, every closed set is checked.

create table meta (
  name text primary key,
  value text not null
) strict;

create table tenant (
  id text primary key,
  name text not null unique,
  created_ms integer not null
) strict;

create table site (
  id text primary key,
  tenant text not null references tenant (id),
  name text not null,
  created_ms integer not null,
  unique (tenant, name)
) strict;

create table user (
  id text primary key,
  tenant text not null references tenant (id),
  name text not null unique,
  role text not null check (role in ('admin', 'operator', 'viewer')),
  password_hash text not null,
  created_ms integer not null
) strict;

create table session (
  token_hash text primary key,
  user text not null references user (id) on delete cascade,
  csrf text not null,
  created_ms integer not null,
  expires_ms integer not null
) strict;

create table shop (
  id text primary key,
  tenant text not null references tenant (id),
  domain text not null unique,
  endpoint text not null unique,
  secret_sealed blob not null,
  token_sealed blob,
  created_ms integer not null
) strict;

create table webhook_inbox (
  id integer primary key autoincrement,
  shop text not null references shop (id),
  webhook_id text not null,
  topic text not null,
  body blob not null,
  received_ms integer not null,
  state text not null default 'new' check (state in ('new', 'done', 'held', 'ignored')),
  tries_n integer not null default 0,
  due_ms integer not null default 0,
  note text not null default '',
  unique (shop, webhook_id)
) strict;
create index webhook_inbox_due on webhook_inbox (due_ms, id) where state = 'new';

create table orders (
  id text primary key,
  tenant text not null references tenant (id),
  shop text not null references shop (id),
  shop_order_id text not null,
  name text not null,
  correlation text not null,
  state text not null check (state in ('New', 'InProduction', 'ReadyToShip', 'Completed', 'Cancelled')),
  customer text not null default '',
  email text,
  address text,
  currency text not null default '',
  total text not null default '',
  is_test integer not null default 0,
  placed_ms integer not null,
  shop_updated_ms integer not null,
  due_ms integer,
  created_ms integer not null,
  changed_ms integer not null,
  completed_ms integer,
  version integer not null default 1,
  unique (shop, shop_order_id)
) strict;
create index orders_state on orders (tenant, state, placed_ms);

-- One row per reason; `source` says who takes it away again.
create table hold (
  orders text not null references orders (id),
  source text not null check (source in ('apply', 'production', 'shipping', 'person')),
  subject text not null,
  reason text not null,
  created_ms integer not null,
  primary key (orders, source, subject)
) strict;

create table line (
  id text primary key,
  orders text not null references orders (id),
  position integer not null,
  shop_line_id text not null,
  title text not null,
  sku text,
  wanted integer not null check (wanted >= 0),
  kind text not null check (kind in ('grid', 'static', 'pick', 'none', 'unresolved')),
  readable_sku text,
  properties text not null,
  unique (orders, shop_line_id)
) strict;

-- What one piece of a line is made of: one row per part and artifact; `is_current` = 0 after a change of the product.
create table part (
  line text not null references line (id),
  label text not null,
  artifact_key text not null,
  artifact text not null,
  wants text not null,
  unit_label text not null,
  box_mm text not null,
  per_piece integer not null check (per_piece > 0),
  is_current integer not null default 1,
  primary key (line, label, artifact_key)
) strict;

create table job (
  id text primary key,
  tenant text not null references tenant (id),
  orders text references orders (id),
  line text references line (id),
  part text,
  artifact_key text,
  kind text not null check (kind in ('Print', 'SliceOnly', 'PrintLabel')),
  label text not null,
  purpose text not null,
  units text not null,
  units_n integer not null check (units_n > 0),
  good_n integer not null default 0,
  artifact text not null,
  wants text not null,
  replacements_left integer not null,
  state text not null check (state in ('Queued', 'Reserved', 'Claimed', 'Running', 'NeedsSignOff', 'Unknown',
                                       'Good', 'Replaced', 'Failed', 'Withdrawn', 'Cancelled')),
  agent text references agent (id),
  incarnation text,
  epoch_hub integer,
  epoch_count integer,
  last_epoch_hub integer not null,
  last_epoch_count integer not null,
  wanted integer not null default 1 check (wanted in (0, 1)),
  needs_answer integer not null default 0 check (needs_answer in (0, 1)),
  to_shelf integer not null default 0 check (to_shelf in (0, 1)),
  replaces text unique references job (id),
  pinned_site text,
  due_ms integer,
  created_ms integer not null,
  changed_ms integer not null,
  check ((state in ('Reserved', 'Claimed', 'Running', 'NeedsSignOff', 'Unknown')) = (agent is not null))
) strict;
create index job_part on job (line, part, artifact_key);
create index job_orders on job (orders);
create index job_open on job (tenant, state) where state in ('Queued', 'Reserved');
create index job_agent on job (agent) where agent is not null;

create table declined (
  job text not null references job (id),
  agent text not null references agent (id),
  reason text not null,
  at_ms integer not null,
  primary key (job, agent)
) strict;

create table attempt (
  attempt text primary key,
  job text not null references job (id),
  printer text not null,
  state text not null,
  done_permille integer not null default 0,
  note text not null default '',
  started_ms integer not null,
  ended_ms integer
) strict;
create index attempt_job on attempt (job);

create table agent_code (
  code_hash text primary key,
  tenant text not null references tenant (id),
  site text not null references site (id),
  created_ms integer not null,
  expires_ms integer not null,
  used_ms integer
) strict;

create table agent (
  id text primary key,
  tenant text not null references tenant (id),
  site text not null references site (id),
  name text not null,
  public_key text not null,
  incarnation text,
  last_seq integer not null default 0,
  down_cursor integer not null default 0,
  is_quarantined integer not null default 0,
  must_resync integer not null default 0,
  summary text not null default '{"printers":[],"jobs_waiting":0}',
  clock_synced integer,
  backlog_events integer not null default 0,
  contact_ms integer,
  revoked_ms integer,
  created_ms integer not null
) strict;

create table agent_nonce (
  nonce text primary key,
  agent text not null references agent (id),
  expires_ms integer not null
) strict;

create table agent_token (
  token_hash text primary key,
  agent text not null references agent (id),
  expires_ms integer not null
) strict;

-- One row per job that an agent must know of; the newest revision only.
create table assignment (
  agent text not null references agent (id),
  job text not null references job (id),
  epoch_hub integer not null,
  epoch_count integer not null,
  revision integer not null,
  desired text not null check (desired in ('Stage', 'Run', 'Pause', 'Withdraw', 'Cancel')),
  is_removed integer not null default 0,
  cursor integer not null,
  primary key (agent, job)
) strict;
create index assignment_cursor on assignment (agent, cursor);

create table event (
  agent text not null references agent (id),
  incarnation text not null,
  seq integer not null,
  kind text not null,
  job text,
  body text not null,
  outcome text not null check (outcome in ('changed', 'ignored', 'incident', 'unrecognised')),
  note text not null default '',
  wall_ms integer,
  received_ms integer not null,
  primary key (agent, incarnation, seq)
) strict;

create table milestone (
  id integer primary key autoincrement,
  tenant text not null,
  orders text,
  correlation text not null,
  kind text not null,
  text text not null,
  at_ms integer not null
) strict;
create index milestone_orders on milestone (orders, id);

create table shipment (
  id text primary key,
  orders text not null references orders (id),
  reference text not null unique,
  state text not null check (state in ('wanted', 'bought', 'failed', 'cancelled')),
  is_test integer not null,
  service_id text,
  parcel text,
  tracking_number text,
  tracking_url text,
  carrier text,
  label_sha256 text,
  fulfillment_id text,
  created_ms integer not null,
  changed_ms integer not null
) strict;
create index shipment_orders on shipment (orders);

create table outbox (
  id text primary key,
  tenant text not null references tenant (id),
  orders text references orders (id),
  service text not null check (service in ('shopify', 'sendcloud', 'simplyprint')),
  kind text not null check (kind in ('label', 'fulfill', 'cancel_label')),
  effect_key text not null unique,
  body text not null,
  state text not null check (state in ('due', 'in_flight', 'unknown', 'done', 'dead', 'dropped')),
  owner text,
  boot text,
  tries_n integer not null default 0,
  due_ms integer not null,
  waiting_since_ms integer,
  note text not null default '',
  result text,
  created_ms integer not null,
  changed_ms integer not null,
  check ((state = 'in_flight') = (owner is not null))
) strict;
create index outbox_due on outbox (due_ms) where state in ('due', 'unknown', 'in_flight');

create table mapping (
  id text primary key,
  tenant text not null references tenant (id),
  sku text not null,
  kind text not null check (kind in ('static', 'pick')),
  parts text not null,
  created_ms integer not null,
  unique (tenant, sku)
) strict;

create table blob (
  sha256 text primary key,
  bytes integer not null,
  name text not null,
  created_ms integer not null
) strict;

create table shelf (
  tenant text not null references tenant (id),
  artifact_key text not null,
  label text not null,
  units_n integer not null check (units_n >= 0),
  primary key (tenant, artifact_key)
) strict;

-- Units of an order's part that came from the shelf.
create table shelf_use (
  line text not null references line (id),
  part text not null,
  artifact_key text not null,
  units_n integer not null check (units_n >= 0),
  primary key (line, part, artifact_key)
) strict;

create table audit (
  id integer primary key autoincrement,
  at_ms integer not null,
  who text not null,
  what text not null,
  object text not null,
  detail text not null
) strict;

create table reconcile (
  shop text primary key references shop (id),
  seen_until_ms integer not null,
  last_ok_ms integer,
  note text not null default ''
) strict;
