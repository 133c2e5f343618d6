//! The services that there is a client for: where the document of each is, and where its code goes.

use proc_macro2::TokenStream;
use quote::quote;

/// One service.
#[derive(Debug)]
pub(crate) struct Service {
    /// The document: a folder with a file for each area, or one file. The generated files name it.
    pub(crate) source: &'static str,
    /// Where the document goes as one, for other tools.
    pub(crate) merged: &'static str,
    /// The folder of the generated client.
    pub(crate) generated: &'static str,
    /// The module of togai-api that the generated code is a part of, as names in a path.
    module: &'static [&'static str],
    /// Schemas that are written by hand, in that module.
    pub(crate) hand_written: &'static [&'static str],
    /// The feature that stands for all of the service; none where each area is a feature of its own.
    pub(crate) feature: Option<&'static str>,
}

/// The service that this is all about.
pub(crate) const TOGAI: Service = Service {
    source: "openapi/togai/",
    merged: "openapi/togai.json",
    generated: "togai-api/src/generated",
    module: &[],
    hand_written: &["Attribute", "CreateCreditResponse", "Event"],
    feature: None,
};

/// A service with one operation, which events can be sent to as well.
pub(crate) const ENSO: Service = Service {
    source: "openapi/enso.yaml",
    merged: "openapi/enso.json",
    generated: "togai-api/src/enso/generated",
    module: &["enso"],
    hand_written: &["FailureCode"],
    feature: Some("enso"),
};

/// Every service.
pub(crate) const ALL: [&Service; 2] = [&TOGAI, &ENSO];

impl Service {
    /// The module that the generated code is a part of, such as `crate::enso`.
    pub(crate) fn module(&self) -> TokenStream {
        let names = self.module.iter().map(|name| quote::format_ident!("{name}"));
        quote!(crate #(::#names)*)
    }

    /// The same as a text, for links of rustdoc.
    pub(crate) fn module_text(&self) -> String {
        std::iter::once("crate").chain(self.module.iter().copied()).collect::<Vec<_>>().join("::")
    }

    pub(crate) fn is_hand_written(&self, schema: &str) -> bool {
        self.hand_written.contains(&schema)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_code_uses_its_own_module() {
        assert_eq!(TOGAI.module().to_string(), "crate");
        assert_eq!(ENSO.module().to_string().replace(' ', ""), ENSO.module_text());
        assert_eq!(ENSO.module_text(), "crate::enso");
    }

    #[test]
    fn no_file_belongs_to_two_services() {
        for (index, service) in ALL.iter().enumerate() {
            for other in &ALL[index + 1..] {
                assert!(service.source != other.source && service.merged != other.merged);
                assert!(service.generated != other.generated && service.module != other.module);
            }
        }
    }
}
