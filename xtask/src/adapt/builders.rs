//! Builders that own their client, and hand their request to the one place that carries requests out.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ImplItem, Item, Stmt, Type};

use super::docs;
use crate::document::{Operation, operations, parameters, resolve};

pub(super) fn adapt(items: Vec<Item>, truth: &Value) -> Result<syn::File> {
    let mut structures = Vec::new();
    let mut implementations = Vec::new();
    for item in items {
        match item {
            Item::Use(_) => {}
            Item::Struct(structure) => structures.push(structure),
            Item::Impl(implementation) => implementations.push(implementation),
            other => bail!("the generator printed something unknown among the builders: {}", super::describe(&other)),
        }
    }
    let mut builders = Vec::new();
    for structure in &structures {
        let operation =
            operations(truth)
                .find(|operation| name(operation).is_ok_and(|name| structure.ident == name))
                .with_context(|| format!("the generator made a builder `{}` for no operation", structure.ident))?;
        let implementation = implementations
            .iter()
            .find(|implementation| self_name(implementation).is_some_and(|name| *name == structure.ident))
            .with_context(|| format!("the builder `{}` has no methods", structure.ident))?;
        let builder = Builder::read(structure, implementation, operation, truth)
            .with_context(|| format!("the generator's builder `{}` has an unknown form", structure.ident))?;
        builders.push(builder.print()?);
    }
    Ok(syn::parse2(quote! {
        use progenitor_client::QueryParam;
        use reqwest::header::{ACCEPT, HeaderValue};

        use super::{operations, types};
        use crate::runtime::{self, OptionalBody as _};
        use crate::{Error, ResponseValue};

        #(#builders)*
    })?)
}

/// The type of an operation's builder.
pub(super) fn name(operation: &Operation<'_>) -> Result<syn::Ident> {
    let id = operation.json["operationId"].as_str().context("an operation has no operationId")?;
    let words = id.split('_').map(|word| {
        let mut characters = word.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(characters).collect::<String>()
    });
    Ok(format_ident!("{}", words.collect::<String>()))
}

/// The field and setter of a parameter.
pub(super) fn setter(parameter: &Value) -> String {
    field(parameter["x-togai-name"].as_str().or_else(|| parameter["name"].as_str()).unwrap_or_default())
}

/// The field and setter for a name on the wire.
fn field(wire_name: &str) -> String {
    let snake = crate::lint::snake_case(wire_name);
    if syn::parse_str::<syn::Ident>(&snake).is_ok() { snake } else { format!("{snake}_") }
}

fn self_name(implementation: &syn::ItemImpl) -> Option<&syn::Ident> {
    match &*implementation.self_ty {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// What is taken from the generator's code: names and types, the chain of calls that makes the request, the answer.
struct Builder<'a> {
    name: &'a syn::Ident,
    operation: Operation<'a>,
    fields: Vec<Field<'a>>,
    request: Expr,
    answer: &'a Type,
}

struct Field<'a> {
    name: &'a syn::Ident,
    kind: Type,
    required: bool,
    about: String,
}

impl<'a> Builder<'a> {
    fn read(
        structure: &'a syn::ItemStruct,
        implementation: &'a syn::ItemImpl,
        operation: Operation<'a>,
        truth: &'a Value,
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
        let answer = argument(argument(result, "Result")?, "ResponseValue")?;

        let body_is_required = resolve(truth, &operation.json["requestBody"])["required"] == true;
        let wire_names = parameters(truth, &operation)
            .into_iter()
            .filter_map(|parameter| Some((parameter["x-togai-name"].as_str()?, parameter["name"].as_str()?)))
            .collect();
        let mut fields = Vec::new();
        for field in &structure.fields {
            let name = field.ident.as_ref().context("a field has no name")?;
            if name != "client" {
                fields.push(Field::read(name, &field.ty, &operation, truth, body_is_required)?);
            }
        }
        Ok(Self { name: &structure.ident, operation, fields, request: request(send, body_is_required, &wire_names)?, answer })
    }

    fn print(&self) -> Result<TokenStream> {
        let name = self.name;
        let id = self.operation.json["operationId"].as_str().unwrap_or_default();
        let doc = docs::attributes(&format!("Builder for [`Client::{id}`](super::Client::{id})."));
        let send_doc = docs::attributes(&format!(
            "Sends the request, `{} {}`.\n\nDropping the future abandons the request; the server may have applied it.",
            self.operation.method.to_uppercase(),
            self.operation.path
        ));
        let deprecated = (self.operation.json["deprecated"] == true).then(|| quote!(#[deprecated]));
        let names: Vec<_> = self.fields.iter().map(|field| field.name).collect();
        let kinds = self.fields.iter().map(|field| &field.kind);
        let initial = self.fields.iter().map(Field::initial);
        let setters = self.fields.iter().map(Field::setter);
        let table = crate::table::constant(&self.operation)?;
        let url = self.url()?;
        let (request, answer) = (&self.request, self.answer);
        let page_size = self.fields.iter().any(|field| field.name == "page_size")
            .then(|| quote!(runtime::check_page_size(operation, page_size)?;));
        Ok(quote! {
            #doc
            #[derive(Clone, Debug)]
            #[must_use = "a request does nothing until it is sent"]
            #deprecated
            pub struct #name {
                client: super::Client,
                #(#names: Result<#kinds, String>,)*
            }

            impl #name {
                pub(super) fn new(client: super::Client) -> Self {
                    Self { client, #(#names: #initial,)* }
                }

                #(#setters)*

                #send_doc
                pub async fn send(self) -> Result<ResponseValue<#answer>, Error> {
                    let operation = &operations::#table;
                    let Self { client, #(#names,)* } = self;
                    #(let #names = #names.map_err(|problem| runtime::invalid_request(operation, problem))?;)*
                    #page_size
                    let url = #url;
                    let request = #request.build().map_err(|error| runtime::unbuildable(operation, error))?;
                    client.execute(request, operation).await
                }
            }
        })
    }

    /// The address, with its values encoded and checked.
    fn url(&self) -> Result<TokenStream> {
        let mut format = String::from("{}");
        let mut values = Vec::new();
        for part in self.operation.path.split('/').skip(1) {
            format.push('/');
            if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                format.push_str("{}");
                let field = format_ident!("{}", field(name));
                values.push(quote!(runtime::path_value(operation, #name, &#field)?));
            } else {
                ensure!(!part.contains(['{', '}']), "a path parameter is only a part of `{part}`");
                format.push_str(part);
            }
        }
        Ok(quote!(format!(#format, client.baseurl, #(#values),*)))
    }
}

impl<'a> Field<'a> {
    fn read(
        name: &'a syn::Ident,
        declared: &Type,
        operation: &Operation<'_>,
        truth: &Value,
        body_is_required: bool,
    ) -> Result<Self> {
        let inner = argument(declared, "Result")?;
        if name == "body" {
            // The generator keeps a builder of the body, which is left out; the body is in the types by the same name.
            let Type::Path(path) = inner else { bail!("the body has an unknown type") };
            let body = path.path.segments.last().context("the body has no type")?;
            let body = &body.ident;
            let hand_written = crate::generate::HAND_WRITTEN.iter().any(|known| body == known);
            let kind: Type =
                if hand_written { syn::parse_quote!(crate::#body) } else { syn::parse_quote!(types::#body) };
            let kind = if body_is_required { kind } else { syn::parse_quote!(Option<#kind>) };
            let about = resolve(truth, &operation.json["requestBody"])["description"]
                .as_str()
                .unwrap_or("The body of the request.")
                .to_owned();
            return Ok(Self { name, kind, required: body_is_required, about });
        }
        let parameter = parameters(truth, operation)
            .into_iter()
            .find(|parameter| name == &setter(parameter))
            .with_context(|| format!("`{name}` is no parameter"))?;
        Ok(Self {
            name,
            kind: inner.clone(),
            required: parameter["required"] == true,
            about: parameter["description"].as_str().unwrap_or_default().to_owned(),
        })
    }

    fn initial(&self) -> TokenStream {
        if self.required {
            let problem = format!("`{0}` is not set: call `.{0}(..)` before `.send()`", self.name);
            quote!(Err(#problem.to_owned()))
        } else {
            quote!(Ok(None))
        }
    }

    fn setter(&self) -> TokenStream {
        let name = self.name;
        let value = if self.required { Ok(&self.kind) } else { argument(&self.kind, "Option") };
        let value = value.unwrap_or(&self.kind);
        let wrapped = (!self.required).then(|| quote!(.map(Some)));
        let doc = docs::attributes(&self.about);
        let problem = format!("`{name}` cannot be made of the value that was given: {{error}}");
        quote! {
            #doc
            pub fn #name<V>(mut self, value: V) -> Self
            where
                V: TryInto<#value>,
                V::Error: std::fmt::Display,
            {
                self.#name = value.try_into()#wrapped.map_err(|error| format!(#problem));
                self
            }
        }
    }
}

/// The chain of calls up to `build`, without the header of the API's version, which the API does not ask for.
fn request(send: &syn::ImplItemFn, body_is_required: bool, wire_names: &BTreeMap<&str, &str>) -> Result<Expr> {
    let mut expression = send
        .block
        .stmts
        .iter()
        .find_map(|statement| match statement {
            Stmt::Local(local) if is_named(&local.pat, "request") => {
                local.init.as_ref().map(|init| (*init.expr).clone())
            }
            _ => None,
        })
        .context("`send` makes no request")?;
    if let Expr::Try(attempt) = expression {
        expression = *attempt.expr;
    }
    for skipped in ["build", "headers"] {
        let Expr::MethodCall(call) = expression else { bail!("the request does not end in `{skipped}`") };
        ensure!(call.method == skipped, "the request ends in `{}` instead of `{skipped}`", call.method);
        expression = *call.receiver;
    }
    OfOurs { body_is_required, wire_names }.visit_expr_mut(&mut expression);
    Ok(expression)
}

fn is_named(pattern: &syn::Pat, name: &str) -> bool {
    matches!(pattern, syn::Pat::Ident(ident) if ident.ident == name)
}

/// Uses what the file imports, and sends an optional body only where there is one.
struct OfOurs<'a> {
    body_is_required: bool,
    /// By the names of their setters, the parameters that have another one on the wire.
    wire_names: &'a BTreeMap<&'a str, &'a str>,
}

impl VisitMut for OfOurs<'_> {
    fn visit_lit_str_mut(&mut self, literal: &mut syn::LitStr) {
        if let Some(name) = self.wire_names.get(literal.value().as_str()) {
            *literal = syn::LitStr::new(name, literal.span());
        }
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut syn::ExprMethodCall) {
        visit_mut::visit_expr_method_call_mut(self, call);
        if call.method == "json" && !self.body_is_required {
            call.method = format_ident!("optional_json");
            call.args = syn::parse_quote!(body.as_ref());
        }
    }

    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        let imported = |segment: &syn::PathSegment| segment.ident == "QueryParam" || segment.ident == "header";
        let Some(at) = path.segments.iter().position(imported) else { return };
        let skipped = if path.segments[at].ident == "header" { at + 1 } else { at };
        path.leading_colon = None;
        path.segments = std::mem::take(&mut path.segments).into_iter().skip(skipped).collect();
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
