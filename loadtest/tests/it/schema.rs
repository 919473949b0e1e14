use loadtest::result::RunResult;

#[test]
fn the_schema_is_as_published() {
    insta::assert_json_snapshot!(schemars::schema_for!(RunResult));
}
