//! Types that survive the real server, and request types that can be put together.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use syn::punctuated::Punctuated;
use syn::visit::Visit as _;
use syn::{Attribute, Fields, Item, ItemEnum, ItemStruct, Meta, Token, Type};

use super::{docs, syntax};
use crate::document::{items, resolve};
use crate::lower::{Side, WIRE_NAME, reachable};
use crate::reach;

/// A type with everything that belongs to it.
pub(super) struct Definition {
    /// The type, its implementations and its macros, each of which can be left out by a feature.
    pub(super) items: Vec<TokenStream>,
    /// Names that the type mentions.
    pub(super) mentions: BTreeSet<String>,
}

/// Every type by its name.
pub(super) fn adapt(generated: &[Item], document: &Value) -> Result<BTreeMap<String, Definition>> {
    let requests = reachable(document, Side::Requests);
    let responses = reachable(document, Side::Responses);
    let mut definitions = BTreeMap::new();
    for item in generated {
        match item {
            // Types are made with `new` and setters, without a second type for each; the errors are for conversions of
            // closed enums, and the implementations for builders, closed enums and types that are cloned anyway.
            Item::Mod(module) if module.ident == "builder" || module.ident == "error" => {}
            Item::Impl(implementation) => {
                if implementation.trait_.is_none() && !is_of_builder(implementation) {
                    bail!("the generator printed methods of a type: {}", syntax::describe(item));
                }
            }
            Item::Enum(enumeration) => {
                let definition = Definition { items: open_enum(enumeration)?, mentions: BTreeSet::new() };
                definitions.insert(enumeration.ident.to_string(), definition);
            }
            Item::Struct(structure) => {
                let name = structure.ident.to_string();
                if document["components"]["schemas"][&name].is_null() {
                    bail!(
                        "the generator made a type `{name}` for something inside of a schema; lower what makes it one"
                    );
                }
                // What no operation reaches is neither; it is read like an answer.
                let is_request = requests.contains(&name);
                let is_response = responses.contains(&name) || !is_request;
                let definition = Definition {
                    items: structure_of(structure, document, is_request, is_response)?,
                    mentions: reach::names(|names| names.visit_fields(&structure.fields)),
                };
                definitions.insert(name, definition);
            }
            other => bail!("the generator printed something unknown among the types: {}", syntax::describe(other)),
        }
    }
    Ok(definitions)
}

fn is_of_builder(implementation: &syn::ItemImpl) -> bool {
    syntax::method_names(implementation).any(|method| method == "builder")
}

/// The enumeration with a variant for values that are not known.
fn open_enum(enumeration: &ItemEnum) -> Result<Vec<TokenStream>> {
    let name = &enumeration.ident;
    let doc = docs::attributes(&docs::text_of(&enumeration.attrs));
    let (mut variants, mut values) = (Vec::new(), Vec::new());
    for variant in &enumeration.variants {
        if !matches!(variant.fields, Fields::Unit) {
            bail!("the variant `{}` of `{name}` has fields", variant.ident);
        }
        let ident = &variant.ident;
        let value = serde_name(&variant.attrs)?.unwrap_or_else(|| ident.to_string());
        if ident == "Other" {
            bail!("`{name}` has a value `{value}`, which is the name of the variant for unknown values");
        }
        let doc = format!(" `{value}`");
        variants.push(quote!(#[doc = #doc] #ident));
        values.push(quote!(#ident = #value));
    }
    let declaration = quote! {
        #doc
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants,)*
            /// A value that this version of the client does not know. It is sent and read as it is.
            Other(String),
        }
    };
    Ok(vec![declaration, quote!(open_enum!(#name { #(#values,)* });)])
}

/// A structure that cannot be taken apart by later versions, lenient where it is an answer, with `new` and setters where
/// it is a request.
fn structure_of(
    structure: &ItemStruct,
    document: &Value,
    is_request: bool,
    is_response: bool,
) -> Result<Vec<TokenStream>> {
    let name = &structure.ident;
    let schema = &document["components"]["schemas"][name.to_string()];
    let about = schema["description"].as_str().with_context(|| format!("`{name}` is no schema"))?;
    let doc = docs::attributes(about);
    refuse_buffering(name, &structure.attrs)?;
    let Fields::Named(fields) = &structure.fields else {
        // A list or a map with a name of its own.
        let fields = &structure.fields;
        let declaration = quote! {
            #doc
            #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, serde::Serialize)]
            #[serde(transparent)]
            pub struct #name #fields;
        };
        let blank = quote! {
            impl crate::record::Blank for #name {
                fn blank() -> Self {
                    Self::default()
                }
            }
        };
        return Ok(vec![declaration, blank]);
    };

    let required: BTreeSet<&str> = items(&schema["required"]).filter_map(Value::as_str).collect();
    let members = fields
        .named
        .iter()
        .map(|field| {
            Member::read(field, document, schema, &required, is_response).with_context(|| format!("in `{name}`"))
        })
        .collect::<Result<Vec<_>>>()?;

    let declarations = members.iter().map(|member| {
        let (ident, kind, doc) = (&member.ident, &member.kind, docs::attributes(&member.about));
        quote!(#doc pub #ident: #kind)
    });
    let debug = (!members.iter().any(|member| member.secret)).then(|| quote!(#[derive(Debug)]));
    let declaration = quote! {
        #doc
        #debug
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub struct #name {
            #(#declarations,)*
        }
    };
    let redacted = debug.is_none().then(|| redacted(name, &members));

    let default = is_response.then(|| quote!(: Default));
    let rows = members.iter().map(|member| member.row(is_response));
    let strict = members.iter().filter(|member| !is_response && member.required && !is(&member.kind, "Option"));
    let strict = strict.map(|member| &member.wire_name);
    let record = quote!(record!(#name #default requires [#(#strict),*] { #(#rows)* }););

    let constructors = is_request.then(|| constructors(name, &members));
    Ok([declaration, record].into_iter().chain(redacted).chain(constructors).collect())
}

/// A `Debug` that shows no credential.
fn redacted(name: &syn::Ident, members: &[Member]) -> TokenStream {
    let title = name.to_string();
    let fields = members.iter().map(|member| {
        let (ident, label) = (&member.ident, member.ident.to_string());
        if member.secret { quote!(.field(#label, &"***")) } else { quote!(.field(#label, &self.#ident)) }
    });
    quote! {
        impl std::fmt::Debug for #name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.debug_struct(#title)#(#fields)*.finish()
            }
        }
    }
}

/// What serde reads into a buffer first loses the digits of amounts, and the place of an error.
fn refuse_buffering(name: &syn::Ident, attributes: &[Attribute]) -> Result<()> {
    let options = serde_options(attributes)?;
    match options.iter().find(|option| ["flatten", "tag", "untagged"].contains(&option.as_str())) {
        Some(lost) => {
            bail!("`{name}` would be read through `{lost}`, which loses the digits of amounts: write it by hand")
        }
        None => Ok(()),
    }
}

struct Member {
    ident: syn::Ident,
    kind: Type,
    wire_name: String,
    /// Other names that are read.
    aliases: Vec<String>,
    required: bool,
    /// How it is read, where the document says that servers write it in ways of their own.
    lenient: Option<String>,
    /// Whether it is a credential, which is not to be shown.
    secret: bool,
    about: String,
}

impl Member {
    fn read(
        field: &syn::Field,
        document: &Value,
        schema: &Value,
        required: &BTreeSet<&str>,
        is_response: bool,
    ) -> Result<Self> {
        let ident = field.ident.clone().context("a field has no name")?;
        refuse_buffering(&ident, &field.attrs)?;
        let name = serde_name(&field.attrs)?.unwrap_or_else(|| ident.to_string());
        let property = &schema["properties"][&name];
        let wire_name = property[WIRE_NAME].as_str().unwrap_or(&name).to_owned();
        let about = property["description"]
            .as_str()
            .or_else(|| resolve(document, property)["description"].as_str())
            .with_context(|| format!("`{wire_name}` has no description"))?;
        let required = required.contains(name.as_str());
        let mut kind = field.ty.clone();
        // What is sent tells an empty list, which empties something, from none, which leaves it as it is.
        if !is_response && !required && ["Vec", "BTreeMap", "Map"].iter().any(|name| is(&kind, name)) {
            kind = syn::parse_quote!(Option<#kind>);
        }
        Ok(Self {
            ident,
            kind,
            aliases: items(&property["x-togai-alias"]).filter_map(Value::as_str).map(str::to_owned).collect(),
            required,
            lenient: property["x-togai-lenient"].as_str().map(str::to_owned),
            secret: property["x-togai-secret"] == true,
            wire_name,
            about: about.to_owned(),
        })
    }

    /// The row of the field in `record!`.
    fn row(&self, is_response: bool) -> TokenStream {
        let (ident, wire_name, aliases) = (&self.ident, &self.wire_name, &self.aliases);
        let can_be_absent = ["Option", "Vec", "BTreeMap", "Map"].iter().any(|name| is(&self.kind, name));
        let write = if can_be_absent && !self.required { "present" } else { "always" };
        let read = match &self.lenient {
            Some(lenient) => lenient.as_str(),
            None if is_response && mentions(&self.kind, "Timestamp") && is(&self.kind, "Vec") => "moments",
            None if is_response && mentions(&self.kind, "Timestamp") => "moment",
            None if is_response && mentions(&self.kind, "Event") && is(&self.kind, "Option") => "echoed_event",
            None if is_response && mentions(&self.kind, "Event") && !is(&self.kind, "Vec") => "event",
            None if is_response && is_map_of_text(&self.kind) => "map_of_text",
            None if !is_response && self.required => "exact",
            None => "value",
        };
        let (write, read) = (format_ident!("{write}"), format_ident!("{read}"));
        quote!(#ident: #wire_name #(or #aliases)*, #write, #read;)
    }
}

fn is_map_of_text(kind: &Type) -> bool {
    matches!(arguments(kind, "BTreeMap")[..], [_, value] if quote!(#value).to_string().ends_with("String"))
}

fn mentions(kind: &Type, name: &str) -> bool {
    reach::names(|names| names.visit_type(kind)).contains(name)
}

/// `new` with what is required, and a setter for everything.
fn constructors(name: &syn::Ident, members: &[Member]) -> TokenStream {
    let required: Vec<&Member> =
        members.iter().filter(|member| member.required && !is(&member.kind, "Option")).collect();
    let parameters = required.iter().map(|member| {
        let ident = &member.ident;
        let (kind, _) = accepted(&member.kind, ident);
        quote!(#ident: #kind)
    });
    let values = members.iter().map(|member| {
        let ident = &member.ident;
        if required.iter().any(|required| required.ident == *ident) {
            let (_, value) = accepted(&member.kind, ident);
            quote!(#ident: #value)
        } else {
            quote!(#ident: Default::default())
        }
    });
    let setters = members.iter().map(|member| {
        let ident = &member.ident;
        let (kind, value) = accepted(&member.kind, &format_ident!("value"));
        let doc = docs::attributes(&format!("Sets `{ident}`: {}", member.about));
        quote! {
            #doc
            pub fn #ident(mut self, value: #kind) -> Self {
                self.#ident = #value;
                self
            }
        }
    });
    let doc = if required.is_empty() {
        " An empty one, to be filled by its setters."
    } else {
        " One with everything that is required."
    };
    quote! {
        impl #name {
            #[doc = #doc]
            pub fn new(#(#parameters),*) -> Self {
                Self { #(#values,)* }
            }

            #(#setters)*
        }
    }
}

/// What a setter accepts for a type, and how it becomes that type.
fn accepted(kind: &Type, value: &syn::Ident) -> (TokenStream, TokenStream) {
    if let Some(inner) = arguments(kind, "Option").into_iter().next() {
        let (kind, value) = accepted(inner, value);
        return (kind, quote!(Some(#value)));
    }
    if let [item] = arguments(kind, "Vec")[..] {
        return (
            quote!(impl IntoIterator<Item = impl Into<#item>>),
            quote!(#value.into_iter().map(Into::into).collect()),
        );
    }
    if let [key, item] = arguments(kind, "BTreeMap")[..] {
        return (
            quote!(impl IntoIterator<Item = (impl Into<#key>, impl Into<#item>)>),
            quote!(#value.into_iter().map(|(key, value)| (key.into(), value.into())).collect()),
        );
    }
    (quote!(impl Into<#kind>), quote!(#value.into()))
}

fn is(kind: &Type, name: &str) -> bool {
    !arguments(kind, name).is_empty()
}

/// The type arguments of a type that ends in a name; none of any other.
fn arguments<'a>(kind: &'a Type, name: &str) -> Vec<&'a Type> {
    let Type::Path(path) = kind else { return Vec::new() };
    match path.path.segments.last() {
        Some(segment) if segment.ident == name => match &segment.arguments {
            syn::PathArguments::AngleBracketed(arguments) => arguments
                .args
                .iter()
                .filter_map(|argument| match argument {
                    syn::GenericArgument::Type(kind) => Some(kind),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The options that serde is told of.
fn serde_options(attributes: &[Attribute]) -> Result<Vec<String>> {
    let mut options = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        let list = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
        options.extend(list.iter().filter_map(|option| option.path().get_ident()).map(ToString::to_string));
    }
    Ok(options)
}

/// The name on the wire, where serde is told of one.
fn serde_name(attributes: &[Attribute]) -> Result<Option<String>> {
    let mut name = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                name = Some(meta.value()?.parse::<syn::LitStr>()?.value());
            } else if meta.input.peek(syn::Token![=]) {
                meta.value()?.parse::<syn::LitStr>()?;
            }
            Ok(())
        })?;
    }
    Ok(name)
}
