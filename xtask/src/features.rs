//! The cargo features of the areas, in the manifests of the crates.

use std::fmt::Write as _;

use anyhow::Result;

use crate::areas::Areas;
use crate::section::Section;

/// The manifests that list the areas, and the crate whose features theirs turn on.
pub(crate) const MANIFESTS: [(&str, Option<&str>); 2] =
    [("togai-api/Cargo.toml", None), ("togai-ext/Cargo.toml", Some("togai-api"))];

const SECTION: Section = Section {
    begin: "# The areas of the API, written by `cargo xtask regen`.\n",
    end: "# The end of what is written by `cargo xtask regen`.\n",
};

/// The manifest with the list of areas as it has to be.
pub(crate) fn write(manifest: &str, areas: &Areas, through: Option<&str>) -> Result<String> {
    let mut features = String::new();
    for area in areas.iter() {
        let _ = writeln!(features, "## {}", area.about);
        let on = through.map_or(String::new(), |package| format!("\"{package}/{}\"", area.feature));
        let _ = writeln!(features, "{} = [{on}]", area.feature);
    }
    let all: Vec<String> = areas.iter().map(|area| format!("  \"{}\",\n", area.feature)).collect();
    let _ = write!(features, "## Every area.\nfull = [\n{}]\n", all.concat());
    SECTION.replace(manifest, &features)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_text_around_the_list_stays() {
        let areas = Areas::of(&json!({"tags": [
            {"name": "Wallet", "description": "Wallets."},
            {"name": "AddOns", "description": "Add-ons."},
        ]}))
        .unwrap();
        let manifest = format!("[features]\ndefault = []\n{}old = []\n{}\n[lints]\n", SECTION.begin, SECTION.end);
        insta::assert_snapshot!(write(&manifest, &areas, Some("togai-api")).unwrap(), @r#"
        [features]
        default = []
        # The areas of the API, written by `cargo xtask regen`.
        ## Add-ons.
        add-ons = ["togai-api/add-ons"]
        ## Wallets.
        wallet = ["togai-api/wallet"]
        ## Every area.
        full = [
          "add-ons",
          "wallet",
        ]
        # The end of what is written by `cargo xtask regen`.

        [lints]
        "#);
        assert!(write("[features]\n", &areas, None).unwrap_err().to_string().contains("is missing"));
    }
}
