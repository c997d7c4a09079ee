//! Comparison with reviewed files, for tests only.

/// Fails with the first differing line unless `actual` is the file at `path`. `BLESS=1` writes the file.
pub(crate) fn same_as_reviewed(path: &str, actual: &str) {
    #[expect(clippy::disallowed_methods, reason = "a test that is asked to rewrite its reviewed file")]
    if std::env::var("BLESS").is_ok() {
        std::fs::create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
        std::fs::write(path, actual).unwrap();
    }
    let reviewed = std::fs::read_to_string(path).unwrap_or_default();
    let differs = reviewed.lines().zip(actual.lines()).find(|(old, new)| old != new);
    assert!(
        reviewed == actual,
        "{path} differs ({} reviewed lines, {} now); first difference: {differs:?}. If the change is meant, BLESS=1 and review the diff.",
        reviewed.lines().count(),
        actual.lines().count(),
    );
}
