//! What a label says of a work item in a tracker that has no incidents of its own: that it is one, and how severe.
//!
//! Only the forms that people write for this are read; a label that merely holds the word (`no-incident`) says nothing.

/// `incident`, `incident: database`, `type: incident`, GitLab's scoped `type::incident`, `sev1` to `sev4`.
pub fn says_incident(label: &str) -> bool {
    let label = label.trim().to_lowercase();
    label.starts_with("incident")
        || matches!(label.as_str(), "type: incident" | "type:incident" | "type::incident" | "type/incident")
        || is_severity(&label)
}

/// `sev1` to `sev4`.
pub fn is_severity(label: &str) -> bool {
    matches!(label.trim().to_lowercase().as_str(), "sev1" | "sev2" | "sev3" | "sev4")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_incident_only_where_people_mean_it() {
        let check = |label: &str, expect: bool| assert_eq!(says_incident(label), expect, "{label}");
        check("incident", true);
        check("Incident: database", true);
        check("incident::database", true);
        check("type: incident", true);
        check("type:incident", true);
        check("type/incident", true);
        check("type::incident", true);
        check("SEV2", true);
        check("sev5", false);
        check("no-incident", false);
        check("typeincident", false);
        check("type: incidental", false);
        check("bug", false);
    }
}
