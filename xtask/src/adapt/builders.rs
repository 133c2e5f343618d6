//! Builders that own their client, and hand what they are given to the one place that puts requests together.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use proc_macro2::TokenStream;
use quote::quote;
use syn::visit::Visit as _;
use syn::{ImplItem, Item, Type};

use super::{docs, syntax};
use crate::document::{Document, Operation, entries, operations, parameters, resolve};
use crate::service::Service;
use crate::{names, reach};

/// Every builder of the generator, in its order.
pub(super) fn read<'a>(items: &'a [Item], document: &'a Document) -> Result<Vec<Builder<'a>>> {
    let truth = document.json();
    let mut structures = Vec::new();
    let mut implementations = Vec::new();
    for item in items {
        match item {
            Item::Use(_) => {}
            Item::Struct(structure) => structures.push(structure),
            Item::Impl(implementation) => implementations.push(implementation),
            other => bail!("the generator printed something unknown among the builders: {}", syntax::describe(other)),
        }
    }
    let mut builders = Vec::new();
    for structure in structures {
        let operation = operations(truth)
            .find(|operation| operation.id().is_ok_and(|id| structure.ident == names::builder(id)))
            .with_context(|| format!("the generator made a builder `{}` for no operation", structure.ident))?;
        let implementation = implementations
            .iter()
            .find(|implementation| self_name(implementation).is_some_and(|name| *name == structure.ident))
            .with_context(|| format!("the builder `{}` has no methods", structure.ident))?;
        let builder = Builder::read(structure, implementation, operation, document)
            .with_context(|| format!("the generator's builder `{}` has an unknown form", structure.ident))?;
        builders.push(builder);
    }
    Ok(builders)
}

fn self_name(implementation: &syn::ItemImpl) -> Option<&syn::Ident> {
    match &*implementation.self_ty {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// What is taken from the generator's code: names and types of what is set, and of the answer.
pub(super) struct Builder<'a> {
    service: &'static Service,
    pub(super) name: &'a syn::Ident,
    pub(super) operation: Operation<'a>,
    fields: Vec<Field<'a>>,
    response: Type,
}

struct Field<'a> {
    name: &'a syn::Ident,
    /// Name on the wire; none for the body.
    wire_name: Option<&'a str>,
    /// Of a body: whether everything in it has its key, where the operation has keys.
    keyed: Option<TokenStream>,
    kind: Type,
    about: &'a str,
}

impl<'a> Builder<'a> {
    fn read(
        structure: &'a syn::ItemStruct,
        implementation: &'a syn::ItemImpl,
        operation: Operation<'a>,
        document: &'a Document,
    ) -> Result<Self> {
        let send = implementation
            .items
            .iter()
            .find_map(|item| match item {
                ImplItem::Fn(method) if method.sig.ident == "send" => Some(method),
                _ => None,
            })
            .context("there is no method `send`")?;
        let syn::ReturnType::Type(_, result) = &send.sig.output else { bail!("`send` returns nothing") };
        let mut response = argument(argument(result, "Result")?, "ResponseValue")?.clone();
        if entries(&operation.json["responses"]).any(|(status, _)| status == "204") {
            response = syn::parse_quote!(Option<#response>);
        }

        let mut fields = Vec::new();
        for field in &structure.fields {
            let name = field.ident.as_ref().context("a field has no name")?;
            if name != "client" {
                fields.push(Field::read(name, &field.ty, &operation, document)?);
            }
        }
        Ok(Self { service: document.service(), name: &structure.ident, operation, fields, response })
    }

    /// The types that the builder mentions.
    pub(super) fn types(&self) -> BTreeSet<String> {
        reach::names(|names| {
            names.visit_type(&self.response);
            self.fields.iter().for_each(|field| names.visit_type(&field.kind));
        })
    }

    pub(super) fn print(&self, row: &TokenStream) -> TokenStream {
        let (name, response) = (self.name, &self.response);
        let (module, module_text) = (self.service.module(), self.service.module_text());
        let id = self.operation.json["operationId"].as_str().unwrap_or_default();
        let doc = docs::attributes(&format!("Builder for [`Client::{id}`]({module_text}::Client::{id})."));
        let send_doc = docs::attributes(&format!(
            "Sends the request, `{} {}`.\n\nDropping the call abandons the request; the server may have applied it.",
            self.operation.method.to_uppercase(),
            self.operation.path
        ));
        let deprecated = (self.operation.json["deprecated"] == true).then(docs::deprecation);
        let setters = self.fields.iter().map(Field::setter);
        let extra_query = self.operation.json["x-togai-paged"].is_object().then(|| {
            quote! {
                /// Adds a filter or an order to the query that the document does not know, such as `_sort`.
                ///
                /// The vendor's documentation names some for lists without saying how they are written, so they are
                /// sent as they are given here.
                pub fn extra_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                    self.0.add_query(name.into(), value.into());
                    self
                }
            }
        });
        let draft = self.fields.iter().find_map(Field::body_type).map_or_else(
            || quote!(Draft::new(core, &#row)),
            |body_type| quote!(Draft::with_body(core, &#row, #body_type)),
        );
        quote! {
            #doc
            #[derive(Clone, Debug)]
            #[must_use = "a request does nothing until it is sent"]
            #deprecated
            pub struct #name(Draft);

            impl #name {
                pub(in #module::generated) fn new(core: &crate::Core) -> Self {
                    Self(#draft)
                }

                #(#setters)*

                #extra_query

                #send_doc
                // Compiled only by crates that call it, so that the others do not pay for reading every answer.
                #[inline]
                pub fn send(self) -> Call<#response> {
                    self.0.send()
                }
            }
        }
    }
}

impl<'a> Field<'a> {
    fn read(
        name: &'a syn::Ident,
        declared: &'a Type,
        operation: &Operation<'a>,
        document: &'a Document,
    ) -> Result<Self> {
        let (service, truth) = (document.service(), document.json());
        let kind = argument(declared, "Result")?;
        if name == "body" {
            // The generator keeps a builder of the body, which is left out; the body is in the types by the same name.
            let Type::Path(path) = kind else { bail!("the body has an unknown type") };
            let body = &path.path.segments.last().context("the body has no type")?.ident;
            let module = service.module();
            let hand_written = service.is_hand_written(&body.to_string());
            let kind = if hand_written { syn::parse_quote!(#module::#body) } else { syn::parse_quote!(types::#body) };
            let about = &resolve(truth, &operation.json["requestBody"])["description"];
            let about = about.as_str().unwrap_or("The body of the request.");
            let keyed = super::keyed::condition(truth, operation)?;
            return Ok(Self { name, wire_name: None, keyed, kind, about });
        }
        let parameter = parameters(truth, operation)
            .into_iter()
            .find(|parameter| name == &names::setter(parameter))
            .with_context(|| format!("`{name}` is no parameter"))?;
        let required = parameter["required"] == true;
        let kind = if required { kind } else { argument(kind, "Option")? };
        Ok(Self {
            name,
            wire_name: parameter["name"].as_str(),
            keyed: None,
            kind: kind.clone(),
            about: parameter["description"].as_str().unwrap_or_default(),
        })
    }

    /// Of a body: its type as errors name it, from the module of the service on.
    fn body_type(&self) -> Option<String> {
        let Type::Path(path) = &self.kind else { return None };
        let segments = path.path.segments.iter().map(|segment| segment.ident.to_string());
        let named: Vec<String> = segments.filter(|segment| segment != "crate").collect();
        self.wire_name.is_none().then(|| named.join("::"))
    }

    fn setter(&self) -> TokenStream {
        let (name, kind) = (self.name, &self.kind);
        let doc = docs::attributes(self.about);
        let set = if let Some(wire_name) = self.wire_name {
            quote!(self.0.set::<#kind, V::Error>(#wire_name, value.try_into()))
        } else if let Some(keyed) = &self.keyed {
            quote!(self.0.set_keyed_body::<#kind, V::Error>(value.try_into(), |body| #keyed))
        } else {
            quote!(self.0.set_body::<#kind, V::Error>(value.try_into()))
        };
        quote! {
            #doc
            pub fn #name<V>(mut self, value: V) -> Self
            where
                V: TryInto<#kind>,
                V::Error: std::fmt::Display,
            {
                #set;
                self
            }
        }
    }
}

/// The first type argument of a type that ends in a name.
fn argument<'a>(kind: &'a Type, name: &str) -> Result<&'a Type> {
    if let Type::Path(path) = kind
        && let Some(segment) = path.path.segments.last()
        && let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments
        && let (true, Some(syn::GenericArgument::Type(argument))) = (segment.ident == name, arguments.args.first())
    {
        return Ok(argument);
    }
    bail!("`{}` is no `{name}`", quote!(#kind))
}
