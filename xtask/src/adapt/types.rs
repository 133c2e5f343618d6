//! Types that survive the real server, and request types that can be put together.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use serde_json::Value;
use syn::punctuated::Punctuated;
use syn::{Attribute, Fields, Item, ItemEnum, ItemStruct, Meta, Token, Type, parse_quote};

use super::docs;
use crate::document::{items, resolve};
use crate::lower::{Side, reachable};

pub(super) fn adapt(generated: Vec<Item>, document: &Value) -> Result<syn::File> {
    let requests = reachable(document, Side::Requests);
    let responses = reachable(document, Side::Responses);
    let enums: BTreeSet<String> = generated
        .iter()
        .filter_map(|item| match item {
            Item::Enum(enumeration) => Some(enumeration.ident.to_string()),
            _ => None,
        })
        .collect();

    let mut kept = TokenStream::new();
    for item in generated {
        match item {
            // Types are made with `new` and setters, without a second type for each.
            Item::Mod(module) if module.ident == "builder" => {}
            // Only the conversions of closed enums need it.
            Item::Mod(module) if module.ident == "error" => {}
            Item::Enum(enumeration) => kept.extend(open_enum(&enumeration)?),
            Item::Impl(implementation) if is_left_out(&implementation, &enums) => {}
            Item::Struct(structure) => {
                let name = structure.ident.to_string();
                let (is_request, is_response) = (requests.contains(&name), responses.contains(&name));
                if is_request || is_response {
                    kept.extend(structure_of(structure, document, is_request, is_response)?);
                } else if document["components"]["schemas"][&name].is_null() {
                    bail!(
                        "the generator made a type `{name}` for something inside of a schema; lower what makes it one"
                    );
                }
            }
            Item::Impl(implementation) => {
                let name = name_of(&implementation.self_ty).unwrap_or_default();
                if requests.contains(&name) || responses.contains(&name) {
                    kept.extend(implementation.into_token_stream());
                }
            }
            other => bail!("the generator printed something unknown among the types: {}", super::describe(&other)),
        }
    }
    Ok(syn::parse2(quote!(use crate::open_enum::open_enum; #kept))?)
}

/// Constructors of builders, and conversions of enums that our own have.
fn is_left_out(implementation: &syn::ItemImpl, enums: &BTreeSet<String>) -> bool {
    let name = name_of(&implementation.self_ty).unwrap_or_default();
    let is_builder = super::method_names(implementation).any(|method| method == "builder");
    is_builder || enums.contains(&name)
}

fn name_of(kind: &Type) -> Option<String> {
    match kind {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// The enumeration with a variant for values that are not known.
fn open_enum(enumeration: &ItemEnum) -> Result<TokenStream> {
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
    Ok(quote! {
        #doc
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants,)*
            /// A value that this version of the client does not know. It is sent and read as it is.
            Other(String),
        }
        open_enum!(#name { #(#values),* });
    })
}

/// A structure that cannot be taken apart by later versions, lenient where it is an answer, with `new` and setters where
/// it is a request.
fn structure_of(
    mut structure: ItemStruct,
    document: &Value,
    is_request: bool,
    is_response: bool,
) -> Result<TokenStream> {
    let name = structure.ident.clone();
    let schema = &document["components"]["schemas"][name.to_string()];
    let about = schema["description"].as_str().with_context(|| format!("`{name}` is no schema"))?;

    let mut derives = derives(&structure.attrs)?;
    if is_response {
        derives.insert("Default".to_owned());
    }
    structure.attrs.retain(|attribute| !attribute.path().is_ident("derive") && !attribute.path().is_ident("doc"));
    let derives = derives.iter().map(|derive| syn::parse_str::<syn::Path>(derive)).collect::<Result<Vec<_>, _>>()?;
    let doc = docs::attributes(about);

    let required: BTreeSet<&str> = items(&schema["required"]).filter_map(Value::as_str).collect();
    let mut members = Vec::new();
    if let Fields::Named(fields) = &mut structure.fields {
        for field in &mut fields.named {
            let ident = field.ident.clone().context("a field has no name")?;
            let wire = serde_name(&field.attrs)?.unwrap_or_else(|| ident.to_string());
            let property = &schema["properties"][&wire];
            let about = property["description"]
                .as_str()
                .or_else(|| resolve(document, property)["description"].as_str())
                .with_context(|| format!("`{wire}` of `{name}` has no description"))?;
            docs::replace(&mut field.attrs, about);
            if is_response && !is(&field.ty, "Option") {
                lenient(&mut field.attrs)?;
            }
            members.push(Member {
                ident,
                kind: field.ty.clone(),
                required: required.contains(wire.as_str()),
                about: about.to_owned(),
            });
        }
    }
    let named = matches!(structure.fields, Fields::Named(_));
    let constructors = (is_request && named).then(|| constructors(&name, &members));
    let non_exhaustive = named.then(|| quote!(#[non_exhaustive]));
    Ok(quote! {
        #doc
        #[derive(#(#derives),*)]
        #non_exhaustive
        #structure
        #constructors
    })
}

struct Member {
    ident: syn::Ident,
    kind: Type,
    required: bool,
    about: String,
}

/// A missing or null field of an answer is read as an empty value.
fn lenient(attributes: &mut Vec<Attribute>) -> Result<()> {
    let mut options = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        let list = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
        options.extend(list.into_iter().filter(|option| !option.path().is_ident("default")));
    }
    attributes.retain(|attribute| !attribute.path().is_ident("serde"));
    attributes.push(parse_quote! {
        #[serde(#(#options,)* default, deserialize_with = "crate::lenient::null_as_default")]
    });
    Ok(())
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
                Self { #(#values),* }
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

/// What a structure derives, without the leading colons.
fn derives(attributes: &[Attribute]) -> Result<BTreeSet<String>> {
    let mut derives = BTreeSet::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        attribute.parse_nested_meta(|meta| {
            let path = &meta.path;
            let text = quote!(#path).to_string().replace(' ', "");
            derives.insert(text.trim_start_matches("::").to_owned());
            Ok(())
        })?;
    }
    Ok(derives)
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
