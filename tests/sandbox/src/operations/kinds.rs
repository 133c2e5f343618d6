//! The kinds of resources that the sandbox keeps, and what their operations do.

use crate::operations::derived;
use crate::operations::resource::{Action, Resource};
use crate::operations::settings::full_id;

/// All kinds.
pub(super) static KINDS: [&Resource; 8] =
    [&CUSTOMER, &ALIAS, &EVENT_SCHEMA, &USAGE_METER, &FEATURE, &PRICE_PLAN, &PRICE_PLAN_V2, &SETTING];

/// Customers. Creating and deleting one concerns accounts too: see `customers`.
pub(super) static CUSTOMER: Resource = Resource {
    kind: "customer",
    id: "id",
    id_prefix: None,
    parameter: "customer_id",
    status: "ACTIVE",
    filters: &[],
    operations: &[("get_customer", Action::Get), ("get_customers", Action::List), ("update_customer", Action::Update)],
    key: None,
    derive: derived::customer,
};

/// Aliases. Creating and deleting one concerns accounts too: see `aliases`.
pub(super) static ALIAS: Resource = Resource {
    kind: "alias",
    id: "value",
    id_prefix: None,
    parameter: "alias",
    status: "ACTIVE",
    filters: &[],
    operations: &[("get_alias", Action::Get), ("list_aliases", Action::List)],
    key: None,
    derive: derived::nothing,
};

/// Event schemas, in all their versions.
pub(super) static EVENT_SCHEMA: Resource = Resource {
    kind: "event schema",
    id: "name",
    id_prefix: None,
    parameter: "event_schema_name",
    status: "DRAFT",
    filters: &[],
    operations: &[
        ("create_event_schema", Action::Create),
        ("get_event_schema", Action::Get),
        ("list_event_schemas", Action::List),
        ("update_event_schema", Action::Revise),
        ("delete_event_schema", Action::Delete),
        ("activate_event_schema", Action::Set("ACTIVE")),
        ("deactivate_event_schema", Action::Set("INACTIVE")),
        ("list_event_schema_versions", Action::Versions),
    ],
    key: None,
    derive: derived::event_schema,
};

/// Usage meters.
pub(super) static USAGE_METER: Resource = Resource {
    kind: "usage meter",
    id: "id",
    id_prefix: Some("um"),
    parameter: "usage_meter_id",
    status: "DRAFT",
    filters: &[("aggregations", "aggregation")],
    operations: &[
        ("create_usage_meter", Action::Create),
        ("get_usage_meter", Action::Get),
        ("get_usage_meters_for_event_schema", Action::List),
        ("update_usage_meter", Action::Update),
        ("delete_usage_meter", Action::Delete),
        ("activate_usage_meter", Action::Set("ACTIVE")),
        ("deactivate_usage_meter", Action::Set("INACTIVE")),
    ],
    key: None,
    derive: derived::usage_meter,
};

/// Features.
pub(super) static FEATURE: Resource = Resource {
    kind: "feature",
    id: "id",
    id_prefix: Some("feature"),
    parameter: "feature_id",
    status: "ACTIVE",
    filters: &[],
    operations: &[
        ("create_feature", Action::Create),
        ("get_feature", Action::Get),
        ("get_features", Action::List),
        ("update_feature", Action::Update),
    ],
    key: None,
    derive: derived::feature,
};

/// Price plans of the first generation. An archived one is kept.
pub(super) static PRICE_PLAN: Resource = Resource {
    kind: "price plan",
    id: "id",
    id_prefix: Some("pp"),
    parameter: "price_plan_id",
    status: "DRAFT",
    filters: &[],
    operations: &[
        ("create_price_plan", Action::Create),
        ("get_price_plan", Action::Get),
        ("get_price_plans", Action::List),
        ("update_price_plan", Action::Update),
        ("archive_price_plan", Action::Set("ARCHIVED")),
        ("activate_price_plan", Action::Set("ACTIVE")),
    ],
    key: None,
    derive: derived::price_plan,
};

/// Price plans of the second generation, which are not those of the first.
pub(super) static PRICE_PLAN_V2: Resource = Resource {
    kind: "price plan of v2",
    id: "id",
    id_prefix: Some("pp"),
    parameter: "price_plan_id",
    status: "DRAFT",
    filters: &[],
    operations: &[
        ("create_price_plan_v2", Action::Create),
        ("get_price_plan_v2", Action::Get),
        ("list_price_plans_v2", Action::List),
        ("update_price_plan_v2", Action::Update),
        ("discard_price_plan", Action::Delete),
        ("finalize_price_plan", Action::Set("ACTIVE")),
        ("list_price_plan_versions", Action::Versions),
    ],
    key: None,
    derive: derived::price_plan_v2,
};

/// Settings. Creating and changing one is in `settings`, since its answer has no body at times.
pub(super) static SETTING: Resource = Resource {
    kind: "setting",
    id: "id",
    id_prefix: None,
    parameter: "setting_id_str",
    status: "ACTIVE",
    filters: &[("setting_id", "id")],
    operations: &[("get_setting", Action::Get), ("list_setting", Action::List)],
    key: Some(full_id),
    derive: derived::nothing,
};
