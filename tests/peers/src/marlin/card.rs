//! The SD card: files by name, one selected, printed line by line. Commands from the card get no `ok`.
use std::collections::BTreeMap;

/// Most bytes on the card.
const CARD_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A card in its slot.
#[derive(Debug, Default)]
pub struct Card {
    files: BTreeMap<String, String>,
    selected: Option<String>,
    at: usize,
    /// Lines are taken from the card.
    pub printing: bool,
    writing: Option<(String, String)>,
}

impl Card {
    /// Puts a file on the card; false when it is full.
    pub fn put(&mut self, name: &str, text: String) -> bool {
        let used: usize = self.files.values().map(String::len).sum();
        let fits = used + text.len() <= CARD_BYTES_MAX;
        if fits {
            self.files.insert(name.to_ascii_uppercase(), text);
        }
        fits
    }

    /// Answers a card command; `None` when it is none.
    pub fn command(&mut self, command: &str, text: &str) -> Option<String> {
        Some(match command {
            "M20" => {
                let list: Vec<_> =
                    self.files.iter().map(|(name, text)| format!("{name} {}", text.len())).collect();
                format!("Begin file list\n{}\nEnd file list\n", list.join("\n"))
            }
            "M21" => "echo:SD card ok\n".to_owned(),
            "M22" | "M26" => String::new(),
            "M23" => self.select(text),
            "M24" => {
                self.printing = self.selected.is_some();
                String::new()
            }
            "M25" => {
                let was = std::mem::take(&mut self.printing);
                if was { "//action:paused\n".to_owned() } else { String::new() }
            }
            "M27" => format!("{}\n", self.progress()),
            "M28" => {
                self.writing = Some((text.to_owned(), String::new()));
                format!("Writing to file: {text}\n")
            }
            "M30" => {
                let gone = self.files.remove(&text.to_ascii_uppercase()).is_some();
                format!("{}{text}\n", if gone { "File deleted:" } else { "Deletion failed, File: " })
            }
            "M524" => {
                (self.printing, self.selected, self.at) = (false, None, 0);
                String::new()
            }
            _ => return None,
        })
    }

    fn select(&mut self, name: &str) -> String {
        let name = name.trim_start_matches('/').to_ascii_uppercase();
        match self.files.get(&name) {
            Some(text) => {
                let size = text.len();
                (self.printing, self.at, self.selected) = (false, 0, Some(name.clone()));
                format!("echo:Now fresh file: {name}\nFile opened: {name} Size: {size}\nFile selected\n")
            }
            None => format!("open failed, File: {name}.\n"),
        }
    }

    fn progress(&self) -> String {
        let size = self.selected.as_ref().and_then(|name| self.files.get(name)).map(String::len);
        match size {
            Some(size) if self.printing || self.at > 0 => format!("SD printing byte {}/{size}", self.at),
            Some(_) | None => "Not SD printing".to_owned(),
        }
    }

    /// While a file is written, lines go there instead of being executed. Gives the answer, `None` when not writing.
    pub fn write(&mut self, line: &str) -> Option<&'static str> {
        let (name, text) = self.writing.as_mut()?;
        if line == "M29" {
            let (name, text) = (std::mem::take(name), std::mem::take(text));
            self.writing = None;
            return Some(if self.put(&name, text) { "Done saving file.\n" } else { "Error:volume full\n" });
        }
        text.push_str(line);
        text.push('\n');
        Some("")
    }

    /// The next line of the file being printed; `Err` once, at its end.
    pub fn next_line(&mut self) -> Option<Result<String, ()>> {
        if !self.printing {
            return None;
        }
        let text = self.selected.as_ref().and_then(|name| self.files.get(name))?;
        let Some(rest) = text.get(self.at..).filter(|rest| !rest.is_empty()) else {
            (self.printing, self.at) = (false, 0);
            return Some(Err(()));
        };
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        self.at += line.len();
        Some(Ok(line.trim().to_owned()))
    }
}
