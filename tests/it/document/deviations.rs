//! The table "Deviations from the vendor" of openapi/README.md.

/// A row: a difference that is meant, and where it is.
#[derive(Clone, Debug)]
pub(super) struct Deviation {
    /// Places, where `*` stands for any text.
    pub(super) places: Vec<String>,
    pub(super) vendor: String,
    pub(super) here: String,
    pub(super) reason: String,
}

const HEADING: &str = "## Deviations from the vendor";
const COLUMNS: &str = "| where | vendor | here | reason |";

/// The rows of the table in the text of the README.
pub(super) fn rows(readme: &str) -> Vec<Deviation> {
    let section = readme.split(HEADING).nth(1).unwrap_or_else(|| panic!("openapi/README.md has no heading {HEADING}"));
    let table = section.split(COLUMNS).nth(1).unwrap_or_else(|| panic!("no table {COLUMNS} after {HEADING}"));
    table.lines().skip(2).take_while(|line| line.starts_with('|')).map(Deviation::read).collect()
}

impl Deviation {
    fn read(line: &str) -> Self {
        let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
        let [places, vendor, here, reason] = &cells[..] else {
            panic!("openapi/README.md: a row of the deviations has four cells: {line}");
        };
        Self {
            places: places.split(", ").map(str::to_owned).collect(),
            vendor: vendor.clone(),
            here: here.clone(),
            reason: reason.clone(),
        }
    }

    /// Whether the row is about a name: its place is what stands under `here`.
    pub(super) fn is_rename(&self) -> bool {
        self.places == [self.here.as_str()]
    }
}

/// Whether a place is what a pattern says, where `*` stands for any text.
pub(super) fn matches(pattern: &str, place: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == place;
    };
    let Some(mut left) = place.strip_prefix(start) else {
        return false;
    };
    loop {
        if matches(rest, left) {
            return true;
        }
        let Some(next) = left.chars().next() else {
            return false;
        };
        left = &left[next.len_utf8()..];
    }
}

#[test]
fn a_star_matches_any_text() {
    assert!(matches("*Response.nextToken", "ListCreditsResponse.nextToken"));
    assert!(matches("get_* ?page*", "get_jobs ?pageSize"));
    assert!(matches("Account", "Account"));
    assert!(!matches("Account", "Account.status"));
    assert!(!matches("*.nextToken", "Credits.nextTokens"));
}

#[test]
fn a_row_is_parsed_with_all_its_places() {
    let readme =
        format!("{HEADING}\n\n{COLUMNS}\n|---|---|---|---|\n| `A.b`, `c ?d` | `int` | none | Because. |\n\nEnd");
    let [row] = &rows(&readme)[..] else { panic!("one row") };
    assert_eq!(row.places, ["A.b", "c ?d"]);
    assert_eq!([&row.vendor, &row.here, &row.reason], ["int", "none", "Because."]);
    assert!(!row.is_rename());
}
