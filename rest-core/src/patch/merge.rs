//! JSON Merge Patch (RFC 7396).

use crate::error::LimitExceeded;
use crate::limits::Limits;
use serde_json::{Map, Value};

/// The media type of a merge patch.
pub const MERGE_PATCH_JSON: &str = "application/merge-patch+json";

/// Applies a merge patch (RFC 7396 §2): members of `patch` replace those of `target`, `null` removes, objects are merged
/// member by member, and anything else replaces the whole.
///
/// ```
/// use rest_core::{Limits, patch::merge};
/// use serde_json::json;
/// let mut user = json!({"name": "Ann", "email": "ann@example.com"});
/// merge(&mut user, json!({"name": "Anne", "email": null}), &Limits::DEFAULT)?;
/// assert_eq!(user, json!({"name": "Anne"}));
/// # Ok::<(), rest_core::error::LimitExceeded>(())
/// ```
///
/// # Errors
/// [`LimitExceeded`] when the objects of `patch` nest deeper than [`Limits::max_json_depth`]; `target` is then as it was.
pub fn merge(target: &mut Value, patch: Value, limits: &Limits) -> Result<(), LimitExceeded> {
    if !within(&patch, limits.max_json_depth) {
        return Err(LimitExceeded { limit: "max_json_depth", max: limits.max_json_depth });
    }
    apply(target, patch);
    Ok(())
}

/// Whether objects nest at most `depth` deep. Arrays are replaced and never entered.
fn within(patch: &Value, depth: usize) -> bool {
    let Value::Object(members) = patch else { return true };
    depth > 0 && members.values().all(|member| within(member, depth - 1))
}

fn apply(target: &mut Value, patch: Value) {
    let Value::Object(members) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(object) = target else { return };
    for (name, member) in members {
        if member.is_null() {
            object.remove(&name);
        } else {
            apply(object.entry(name).or_insert(Value::Null), member);
        }
    }
}
