//! What a request costs before it runs, by the formula inferred from 1,062 recorded requests (91 % of them exact).

use apollo_compiler::Schema;
use apollo_compiler::executable::{Field, Operation, SelectionSet};
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::ExtendedType;

/// Objects whose own point is free.
const FREE: [&str; 4] = ["MoneyBag", "MoneyV2", "PageInfo", "LocationAddress"];
/// What a mutation costs before its payload.
const MUTATION_POINTS: u32 = 10;

/// Points of one operation.
pub(super) fn of(schema: &Schema, operation: &Operation, variables: &JsonMap) -> u32 {
    let fields = operation.selection_set.fields();
    if operation.is_mutation() {
        fields.map(|f| MUTATION_POINTS + children(schema, &f.selection_set, variables)).sum()
    } else {
        children(schema, &operation.selection_set, variables)
    }
}

fn children(schema: &Schema, set: &SelectionSet, variables: &JsonMap) -> u32 {
    let own: u32 = set.fields().map(|f| field(schema, f, variables)).sum();
    let inline = set.selections.iter().filter_map(|s| s.as_inline_fragment());
    own + inline.map(|f| children(schema, &f.selection_set, variables)).sum::<u32>()
}

fn field(schema: &Schema, field: &Field, variables: &JsonMap) -> u32 {
    if !super::project::is_included(&field.directives, variables) {
        return 0;
    }
    let ty = field.definition.ty.inner_named_type().as_str();
    match schema.types.get(ty) {
        Some(ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_)) => {}
        _scalar => return 0,
    }
    if ty.ends_with("Connection") {
        let first = super::project::argument(field, "first", variables).and_then(|v| v.as_u64()).unwrap_or(0);
        let parts = field.selection_set.fields().filter(|f| f.name == "nodes" || f.name == "edges");
        return 2 + parts
            .map(|f| pages(first) * (1 + children(schema, &f.selection_set, variables)))
            .sum::<u32>();
    }
    if ty == "Count" {
        return 10;
    }
    let own = u32::from(!FREE.contains(&ty));
    own + children(schema, &field.selection_set, variables)
}

/// `max(1, floor(2 ln first))`, 0 for none.
fn pages(first: u64) -> u32 {
    let first = u32::try_from(first).unwrap_or(u32::MAX);
    if first == 0 {
        return 0;
    }
    let exact = (2.0 * f64::from(first).ln()).floor();
    // The logarithm of a u32 is below 23, so that a search over small integers is exact.
    (1..64).take_while(|n| f64::from(*n) <= exact).last().unwrap_or(1)
}
