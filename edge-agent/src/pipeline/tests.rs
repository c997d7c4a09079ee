//! The pipeline with the real slicer.
