use domain::{Filters, PAGE_ROWS, filters::Range};

/// The parameters of `GET /v2/cargos/views` for one page (from 0).
pub fn list_parameters(filters: &Filters, page: u32) -> Vec<(&'static str, String)> {
    let mut parameters = vec![
        ("include", "contacts".to_owned()),
        ("limit", PAGE_ROWS.to_string()),
        ("offset", page.saturating_mul(PAGE_ROWS).to_string()),
        ("filter[mode]", filters.mode.as_str().to_owned()),
        ("filter[user_id]", "0".to_owned()),
    ];
    for (point, [id, kind, radius]) in [
        (
            filters.start_point,
            [
                "filter[start_point_id]",
                "filter[start_point_type]",
                "filter[start_point_radius]",
            ],
        ),
        (
            filters.finish_point,
            [
                "filter[finish_point_id]",
                "filter[finish_point_type]",
                "filter[finish_point_radius]",
            ],
        ),
    ] {
        if let Some(point) = point {
            parameters.push((id, point.id.to_string()));
            parameters.push((kind, point.kind.to_string()));
            parameters.push((radius, point.radius_km.to_string()));
        }
    }
    if let Some(date) = filters.start_date {
        parameters.push(("filter[start_date]", date.to_string()));
    }
    if let Some(weight_volume) = filters.weight_volume {
        parameters.push(("filter[wv]", weight_volume.to_string()));
    }
    for (name, ids) in [
        ("filter[load_types]", &filters.load_types),
        ("filter[truck_types]", &filters.truck_types),
    ] {
        if !ids.is_empty() {
            parameters.push((name, ids.to_string()));
        }
    }
    for (name, range) in [
        ("filter[price]", filters.price),
        ("filter[price_per_km]", filters.price_per_km),
        ("filter[distance]", filters.distance),
    ] {
        if let Some((min, max)) = range.map(Range::bounds) {
            parameters.push((name, format!("{min},{max}")));
        }
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(query: &str, page: u32) -> Vec<(&'static str, String)> {
        list_parameters(&Filters::parse(query).unwrap(), page)
    }

    #[test]
    fn what_must_be_sent_is_always_sent() {
        let sent = parameters("", 2);
        let expected = [
            ("include", "contacts"),
            ("limit", "100"),
            ("offset", "200"),
            ("filter[mode]", "my"),
            ("filter[user_id]", "0"),
        ];
        assert_eq!(sent, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn every_filter_reaches_upstream() {
        let sent = parameters(
            "mode=all&start_point_id=1&finish_point_id=2&finish_point_type=3&start_date=2026-11-20\
             &weight_volume=7.50-45&load_types=3,1&truck_types=6&finish_point_radius=200\
             &price=100000,&price_per_km=,9000&distance=300,800",
            0,
        );
        for expected in [
            ("filter[mode]", "all"),
            ("filter[start_point_id]", "1"),
            ("filter[start_point_type]", "2"),
            ("filter[start_point_radius]", "50"),
            ("filter[finish_point_id]", "2"),
            ("filter[finish_point_type]", "3"),
            ("filter[finish_point_radius]", "200"),
            ("filter[price]", "100000,4294967295"),
            ("filter[price_per_km]", "0,9000"),
            ("filter[distance]", "300,800"),
            ("filter[start_date]", "2026-11-20"),
            ("filter[wv]", "7.5-45"),
            ("filter[load_types]", "1,3"),
            ("filter[truck_types]", "6"),
        ] {
            assert!(
                sent.contains(&(expected.0, expected.1.to_owned())),
                "{expected:?}"
            );
        }
    }
}
