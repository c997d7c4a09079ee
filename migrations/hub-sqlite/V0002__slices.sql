-- What an agent made of a job that wants G-code and no print; the file is a blob.
create table slice (
  job text primary key references job (id),
  sha256 text not null,
  time_s integer not null check (time_s >= 0),
  filament_mm real not null,
  mass_g real not null
) strict;
