//! What a printer physically does, whichever protocol drives it: motion, heat, and the tally of what happened.
//!
//! The tally is the truth that tests compare reports with. It counts and never judges. Definitions:
//! * A **physical start** is the first executed move that pushes filament after the machine was *fresh*: after power-on,
//!   reset, homing (`G28`), motors off (`M84`) or, for printers that own their jobs, the begin of a job. A print that is
//!   paused and resumed is one start; a job that is run from its top again is another one.
//! * A start is **on an occupied bed** when an earlier start happened since the bed was last cleared through the control
//!   endpoint. Plastic leaves the bed in no other way.
//! * **Extruded length** is the highest value that the sum of all executed filament moves of a run reached: a retraction
//!   and the way back push nothing out; what the run before pulled back is forgotten at a start.
pub mod gcode;
pub mod heat;
pub mod motion;
pub mod tally;
