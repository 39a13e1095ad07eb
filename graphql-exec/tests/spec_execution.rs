//! GraphQL September 2025, §6 "Execution" and §7 "Response": one test for what each section says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use common::{Turns, block_on};
use futures_core::Stream;
use graphql_exec::{
    App, AppBuilder, Call, GraphqlError, Object, ObjectRef, Output, Parent, Request, Response, Root, Schema,
    Typed, Value,
};

macro_rules! typed {
    ($($name:ident),*) => {$(
        impl Typed for $name {
            const NAME: &'static str = stringify!($name);
        }
    )*};
}

struct Dog {
    name: String,
    barks: Option<i32>,
    nicknames: Option<Vec<Option<String>>>,
}

struct Cat {
    name: String,
}

struct Owner;

typed!(Dog, Cat, Owner);

const SDL: &str = r#"
    type Query {
        dog: Dog
        cat: Cat
        pets: [Pet!]
        pet(kind: Kind = DOG): Pet
        anyone: [CatOrDog]
        owner: Owner!
        echo(text: String = "none", number: Int, list: [Int], in: In): String
        fails: Int
        mustNot: Int!
        wrong: Int
        big: Int
        id: ID
        float: Float
        kind: Kind
        badKind: Kind
        date: Date
        matrix: [[Int!]!]
        rows: [[Int!]]
        slow(turns: Int!): Int
    }
    type Mutation { add(by: Int!): Sum }
    type Subscription { counted(to: Int!): Int! broken: Int }
    type Sum { total: Int log: Int }
    interface Pet { name: String! }
    type Dog implements Pet { name: String! barks: Int nicknames: [String] owner: Owner! bad: Int! }
    type Cat implements Pet { name: String! meows: Int }
    union CatOrDog = Cat | Dog
    type Owner { pets: [Pet!]! pet: Dog! nothing: Int! pair: [Dog!]! }
    enum Kind { DOG CAT }
    input In { text: String! = "inner" number: Float kinds: [Kind!] }
    scalar Date
"#;

#[derive(Default)]
struct State {
    log: Mutex<Vec<String>>,
    sum: Mutex<i32>,
}

type Shared = Arc<State>;

struct Sum {
    total: i32,
}

typed!(Sum);

fn dog(name: &str) -> Dog {
    Dog { name: name.into(), barks: Some(3), nicknames: Some(vec![Some("a".into()), None]) }
}

fn cat(name: &str) -> Cat {
    Cat { name: name.into() }
}

fn builder() -> AppBuilder<Shared> {
    let none = |_: &Root, _: &Call<Shared>| Option::<i32>::None;
    App::builder(Schema::parse(SDL).unwrap())
        .field("Query.dog", |_: &Root, _| dog("Rex"))
        .field("Query.cat", |_: &Root, _| Option::<Cat>::None)
        .field("Query.pets", |_: &Root, _| {
            vec![ObjectRef::of(dog("Rex")), ObjectRef::of(cat("Tom")), ObjectRef::of(dog("Ace"))]
        })
        .field("Query.pet", |_: &Root, call| {
            if call.arg::<String>("kind").unwrap() == "DOG" {
                ObjectRef::of(dog("Rex"))
            } else {
                ObjectRef::of(cat("Tom"))
            }
        })
        .field("Query.anyone", |_: &Root, _| {
            vec![Some(ObjectRef::of(cat("Tom"))), None, Some(ObjectRef::of(dog("Rex")))]
        })
        .field("Query.owner", |_: &Root, _| Owner)
        .field("Query.echo", |_: &Root, call| Value::Object(call.args.as_object().clone()).to_json())
        .field("Query.fails", |_: &Root, _| Err::<i32, _>(GraphqlError::new("on purpose").with_code("MINE")))
        .field("Query.mustNot", none)
        .field("Query.wrong", |_: &Root, _| "text")
        .field("Query.big", |_: &Root, _| 1_i64 << 40)
        .field("Query.id", |_: &Root, _| 42)
        .field("Query.float", |_: &Root, _| 1.5e300)
        .field("Query.kind", |_: &Root, _| "CAT")
        .field("Query.badKind", |_: &Root, _| "COW")
        .field("Query.date", |_: &Root, _| Value::Object(Object::from_iter([("day", 1)])))
        .field("Query.matrix", |_: &Root, _| vec![vec![Some(1), Some(2)], vec![], vec![Some(3), None]])
        .field("Query.rows", |_: &Root, _| vec![vec![Some(1)], vec![None, Some(2)]])
        .field_async("Query.slow", |_: Parent<Root>, call| async move {
            let turns: i32 = call.arg("turns")?;
            Turns(usize::try_from(turns).unwrap()).await;
            call.context.log.lock().unwrap().push(format!("slow {turns}"));
            Ok::<_, GraphqlError>(turns)
        })
        .field_async("Mutation.add", |_: Parent<Root>, call| async move {
            let by: i32 = call.arg("by")?;
            call.context.log.lock().unwrap().push(format!("begin {by}"));
            Turns(3).await;
            *call.context.sum.lock().unwrap() += by;
            call.context.log.lock().unwrap().push(format!("end {by}"));
            let total = *call.context.sum.lock().unwrap();
            Ok::<_, GraphqlError>(Sum { total })
        })
        .property("Sum.total", |sum: &Sum| &sum.total)
        .field_async("Sum.log", |sum: Parent<Sum>, call| async move {
            Turns(5).await;
            call.context.log.lock().unwrap().push(format!("below {}", sum.total));
            1
        })
        .property("Dog.name", |dog: &Dog| &dog.name)
        .property("Dog.barks", |dog: &Dog| &dog.barks)
        .property("Dog.nicknames", |dog: &Dog| &dog.nicknames)
        .field("Dog.owner", |_: &Dog, _| Owner)
        .field("Dog.bad", |dog: &Dog, _| (dog.name == "Rex").then_some(1))
        .property("Cat.name", |cat: &Cat| &cat.name)
        .field("Cat.meows", |_: &Cat, _| 5)
        .field("Owner.pets", |_: &Owner, _| vec![ObjectRef::of(cat("Tom")), ObjectRef::of(dog("Rex"))])
        .field("Owner.pet", |_: &Owner, _| dog("Rex"))
        .field("Owner.nothing", |_: &Owner, _| Option::<i32>::None)
        .field("Owner.pair", |_: &Owner, _| vec![dog("Rex"), dog("Ace")])
        .subscribe("Subscription.counted", |call| async move {
            let to: i32 = call.arg("to")?;
            Ok::<_, GraphqlError>(Count { at: 0, to })
        })
        .subscribe("Subscription.broken", |_| async {
            Err::<Count, _>(GraphqlError::new("no source").with_code("GONE"))
        })
}

/// Counts upwards; the third number is an error.
struct Count {
    at: i32,
    to: i32,
}

impl Stream for Count {
    type Item = Result<i32, GraphqlError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.at == self.to {
            return Poll::Ready(None);
        }
        self.at += 1;
        Poll::Ready(Some(if self.at == 3 { Err(GraphqlError::new("three")) } else { Ok(self.at) }))
    }
}

fn run(query: &str) -> Response {
    block_on(builder().build().unwrap().execute(&Request::new(query), Arc::default()))
}

#[track_caller]
fn gives(query: &str, json: &str) {
    assert_eq!(run(query).to_string(), json);
}

fn with_variables(query: &str, variables: &str) -> Response {
    let mut request = Request::new(query);
    request.variables = serde_json::from_str(variables).unwrap();
    block_on(builder().build().unwrap().execute(&request, Arc::default()))
}

#[test]
fn s6_1_the_operation_is_chosen_by_its_name() {
    let app = builder().build().unwrap();
    let ask = |name: Option<&str>, query: &str| {
        let mut request = Request::new(query);
        request.operation_name = name.map(str::to_owned);
        block_on(app.execute(&request, Arc::default())).to_string()
    };
    let two = "query A { id } query B { kind }";
    assert_eq!(ask(Some("B"), two), r#"{"data":{"kind":"CAT"}}"#);
    assert!(ask(None, two).contains("OPERATION_RESOLUTION_FAILURE"));
    assert!(ask(Some("C"), two).contains("OPERATION_RESOLUTION_FAILURE"));
    assert!(ask(None, "fragment F on Query { id }").starts_with(r#"{"errors":"#));
}

#[test]
fn s6_1_2_variables_are_coerced_with_defaults() {
    let query = "query($a: Int = 7, $b: Int) { echo(number: $a, list: [1, $b]) }";
    assert_eq!(
        with_variables(query, "{}").data_json(),
        Some(r#"{"echo":"{\"text\":\"none\",\"number\":7,\"list\":[1,null]}"}"#)
    );
    assert_eq!(
        with_variables(query, r#"{"a": null, "b": 2}"#).data_json(),
        Some(r#"{"echo":"{\"text\":\"none\",\"number\":null,\"list\":[1,2]}"}"#)
    );
}

#[test]
fn s6_1_2_a_wrong_variable_is_a_request_error_that_says_where() {
    let response =
        with_variables("query($in: In!) { echo(in: $in) }", r#"{"in": {"kinds": ["DOG", "COW"]}}"#);
    assert!(response.is_request_error());
    assert_eq!(
        response.to_string(),
        r#"{"errors":[{"message":"variable `$in`: at .kinds[1]: `COW` is no value of Kind","locations":[{"line":1,"column":7}],"extensions":{"code":"BAD_USER_INPUT"}}]}"#
    );
    let response = with_variables("query($n: Int!) { echo(number: $n) }", "{}");
    assert_eq!(response.errors()[0].message(), "variable `$n`: a value of Int! is required");
    let response = with_variables("query($n: Int!) { echo(number: $n) }", r#"{"n": null}"#);
    assert_eq!(response.errors()[0].message(), "variable `$n`: expected Int!, found null");
}

#[test]
fn s6_2_1_fields_of_a_query_are_in_flight_together() {
    let state = Shared::default();
    let app = builder().build().unwrap();
    let request = Request::new("{ a: slow(turns: 9) b: slow(turns: 2) c: slow(turns: 5) }");
    let response = block_on(app.execute(&request, Arc::clone(&state)));
    assert_eq!(response.to_string(), r#"{"data":{"a":9,"b":2,"c":5}}"#);
    assert_eq!(*state.log.lock().unwrap(), ["slow 2", "slow 5", "slow 9"]);
}

#[test]
fn s6_2_2_fields_of_a_mutation_run_one_after_the_other_with_all_below_them() {
    let state = Shared::default();
    let app = builder().build().unwrap();
    let request = Request::new("mutation { a: add(by: 1) { total log } b: add(by: 2) { total log } }");
    let response = block_on(app.execute(&request, Arc::clone(&state)));
    assert_eq!(response.to_string(), r#"{"data":{"a":{"total":1,"log":1},"b":{"total":3,"log":1}}}"#);
    assert_eq!(*state.log.lock().unwrap(), ["begin 1", "end 1", "below 1", "begin 2", "end 2", "below 3"]);
}

fn events(query: &str) -> Vec<String> {
    let app = builder().build().unwrap();
    let mut subscription = block_on(app.subscribe(&Request::new(query), Arc::default())).unwrap();
    let mut events = Vec::new();
    while let Some(response) = block_on(std::future::poll_fn(|cx| Pin::new(&mut subscription).poll_next(cx)))
    {
        events.push(response.to_string());
    }
    events
}

#[test]
fn s6_2_3_each_event_of_a_subscription_has_a_response_and_an_error_ends_nothing() {
    assert_eq!(
        events("subscription { n: counted(to: 4) }"),
        [
            r#"{"data":{"n":1}}"#,
            r#"{"data":{"n":2}}"#,
            r#"{"errors":[{"message":"three","locations":[{"line":1,"column":16}],"path":["n"]}],"data":null}"#,
            r#"{"data":{"n":4}}"#,
        ]
    );
}

#[test]
fn s6_2_3_1_a_source_that_cannot_be_opened_is_a_request_error() {
    let app = builder().build().unwrap();
    let refused =
        block_on(app.subscribe(&Request::new("subscription { broken }"), Arc::default())).unwrap_err();
    assert_eq!(
        refused.to_string(),
        r#"{"errors":[{"message":"no source","locations":[{"line":1,"column":16}],"path":["broken"],"extensions":{"code":"GONE"}}]}"#
    );
}

#[test]
fn a_subscription_is_not_executed_and_a_query_is_not_subscribed() {
    assert!(run("subscription { counted(to: 1) }").is_request_error());
    let app = builder().build().unwrap();
    assert!(block_on(app.subscribe(&Request::new("{ id }"), Arc::default())).is_err());
}

#[test]
fn s6_3_fields_come_in_the_order_of_the_text_with_fragments_where_they_stand() {
    gives(
        "{ id ...F kind ... @include(if: true) { float } } fragment F on Query { fails: kind id }",
        r#"{"data":{"id":"42","fails":"CAT","kind":"CAT","float":1.5e300}}"#,
    );
}

#[test]
fn s6_3_1_selections_of_one_response_name_are_merged() {
    gives(
        "{ dog { name } dog { barks } ...F } fragment F on Query { dog { n: name owner { pet { name } } owner { pet { barks } } } }",
        r#"{"data":{"dog":{"name":"Rex","barks":3,"n":"Rex","owner":{"pet":{"name":"Rex","barks":3}}}}}"#,
    );
}

#[test]
fn s6_3_2_many_fields_are_grouped_as_few_are() {
    let fields: String = (0..25).map(|index| format!("a{index}: id ")).collect();
    let json: Vec<String> = (0..25).map(|index| format!(r#""a{index}":"42""#)).collect();
    assert_eq!(run(&format!("{{ {fields} {fields} }}")).errors()[0].code(), Some("LIMIT_EXCEEDED"));
    let mut limits = graphql_exec::Limits::default();
    (limits.max_root_fields, limits.max_aliases_per_set) = (100, 100);
    let app = builder().limits(limits).build().unwrap();
    let response = block_on(app.execute(&Request::new(format!("{{ {fields} {fields} }}")), Arc::default()));
    assert_eq!(response.to_string(), format!(r#"{{"data":{{{}}}}}"#, json.join(",")));
}

#[test]
fn s6_3_2_skip_and_include_decide_by_literals_and_variables() {
    gives(
        "{ id @skip(if: true) kind @include(if: false) float @skip(if: false) ...F @skip(if: true) ... @include(if: false) { id } }
         fragment F on Query { id }",
        r#"{"data":{"float":1.5e300}}"#,
    );
    let query = "query($a: Boolean!, $b: Boolean = false) { x: id @skip(if: $a) y: id @include(if: $b) z: id @include(if: $a) @skip(if: $b) }";
    assert_eq!(with_variables(query, r#"{"a": true}"#).to_string(), r#"{"data":{"z":"42"}}"#);
}

#[test]
fn s6_4_1_arguments_take_defaults_literals_and_variables() {
    gives(r#"{ echo }"#, r#"{"data":{"echo":"{\"text\":\"none\"}"}}"#);
    gives(
        r#"{ echo(text: null, number: 5, list: 3, in: {number: 2, kinds: CAT}) }"#,
        r#"{"data":{"echo":"{\"text\":null,\"number\":5,\"list\":[3],\"in\":{\"text\":\"inner\",\"number\":2.0,\"kinds\":[\"CAT\"]}}"}}"#,
    );
    let unset =
        "query($t: String, $n: Int) { echo(text: $t, number: $n, in: {number: $f}) }".replace("$f", "1");
    assert_eq!(
        with_variables(&unset, "{}").data_json(),
        Some(r#"{"echo":"{\"text\":\"none\",\"in\":{\"text\":\"inner\",\"number\":1.0}}"}"#)
    );
}

#[test]
fn s6_4_3_leaves_are_coerced_to_what_the_schema_says() {
    gives(
        "{ id float kind date dog { nicknames } }",
        r#"{"data":{"id":"42","float":1.5e300,"kind":"CAT","date":{"day":1},"dog":{"nicknames":["a",null]}}}"#,
    );
}

#[test]
fn s6_4_3_what_does_not_fit_the_schema_is_an_error_and_null() {
    let response = run("{ wrong big badKind id }");
    assert_eq!(response.data_json(), Some(r#"{"wrong":null,"big":null,"badKind":null,"id":"42"}"#));
    let messages: Vec<_> = response.errors().iter().map(GraphqlError::message).collect();
    assert_eq!(
        messages,
        [
            "the resolver gave a text where the schema says Int",
            "the resolver gave a number beyond 32 bits where the schema says Int",
            "the resolver gave a text that is none of its values where the schema says Kind",
        ]
    );
}

#[test]
fn s6_4_3_abstract_types_are_resolved_by_the_object() {
    gives(
        "{ pets { __typename name ... on Dog { barks } ... on Cat { meows } } }",
        r#"{"data":{"pets":[{"__typename":"Dog","name":"Rex","barks":3},{"__typename":"Cat","name":"Tom","meows":5},{"__typename":"Dog","name":"Ace","barks":3}]}}"#,
    );
    gives(
        "{ anyone { ... on Pet { name } ... on Cat { meows } } pet(kind: CAT) { name } }",
        r#"{"data":{"anyone":[{"name":"Tom","meows":5},null,{"name":"Rex"}],"pet":{"name":"Tom"}}}"#,
    );
}

#[test]
fn s6_4_4_a_nullable_field_that_fails_is_null_with_an_error_at_its_path() {
    assert_eq!(
        run("{\n  id\n  oh: fails\n}").to_string(),
        r#"{"errors":[{"message":"on purpose","locations":[{"line":3,"column":3}],"path":["oh"],"extensions":{"code":"MINE"}}],"data":{"id":"42","oh":null}}"#
    );
}

#[test]
fn s6_4_4_a_null_that_is_not_allowed_takes_its_parent_with_it() {
    let response = run("{ dog { name owner { nothing } } id }");
    assert_eq!(response.data_json(), Some(r#"{"dog":null,"id":"42"}"#));
    assert_eq!(
        response.errors()[0].to_json(),
        r#"{"message":"the field cannot be null, but its resolver gave null","locations":[{"line":1,"column":22}],"path":["dog","owner","nothing"],"extensions":{"code":"INTERNAL_SERVER_ERROR"}}"#
    );
}

#[test]
fn s6_4_4_nulls_go_up_to_the_root_where_nothing_stops_them() {
    assert_eq!(run("{ mustNot id }").data_json(), Some("null"));
    assert_eq!(run("{ owner { pair { bad } } id }").data_json(), Some("null"));
}

#[test]
fn s6_4_4_in_a_list_the_nearest_nullable_element_is_null() {
    let response = run("{ pets { ... on Dog { bad } } matrix rows }");
    // `[Pet!]`, `[[Int!]!]` and `[[Int!]]`.
    assert_eq!(response.data_json(), Some(r#"{"pets":null,"matrix":null,"rows":[[1],null]}"#));
    let paths: Vec<String> =
        response.errors().iter().map(|error| serde_json::to_string(error.path()).unwrap()).collect();
    assert_eq!(paths, [r#"["matrix",2,1]"#, r#"["rows",1,0]"#, r#"["pets",2,"bad"]"#]);
    assert_eq!(
        run("{ anyone { ... on Dog { owner { nothing } } } }").data_json(),
        Some(r#"{"anyone":[{},null,null]}"#)
    );
}

#[test]
fn s7_1_a_request_error_has_no_data() {
    let response = run("{ nope }");
    assert_eq!(response.data_json(), None);
    assert!(response.is_request_error() && response.to_string().starts_with(r#"{"errors":[{"#));
}

#[test]
fn s7_2_texts_are_escaped_as_json_says() {
    let app = App::builder(Schema::parse("type Query { t: String }").unwrap())
        .field("Query.t", |_: &Root, _: &Call<()>| "\u{0}\u{1f}\"\\/\n\r\t\u{8}\u{c}\u{7f}é\u{2028}\u{1F600} and 16 plain bytes")
        .build()
        .unwrap();
    let response = block_on(app.execute(&Request::new("{ t }"), ()));
    let read: serde_json::Value = serde_json::from_slice(response.json()).unwrap();
    assert_eq!(
        read["data"]["t"],
        "\u{0}\u{1f}\"\\/\n\r\t\u{8}\u{c}\u{7f}é\u{2028}\u{1F600} and 16 plain bytes"
    );
}

#[test]
fn a_batch_resolver_is_called_once_for_a_layer() {
    struct Item(i32);
    typed!(Item);
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    let app = App::builder(
        Schema::parse("type Query { items: [Item!]! } type Item { square: Int! }").unwrap(),
    )
    .field("Query.items", |_: &Root, _: &Call<()>| (1..=5).map(Item).collect::<Vec<_>>())
    .batch("Item.square", move |items: Vec<Parent<Item>>, _| {
        seen.lock().unwrap().push(items.len());
        async move { Ok::<_, GraphqlError>(items.iter().map(|item| item.0 * item.0).collect::<Vec<_>>()) }
    })
    .build()
    .unwrap();
    let response = block_on(app.execute(&Request::new("{ items { square } }"), ()));
    assert_eq!(
        response.data_json(),
        Some(r#"{"items":[{"square":1},{"square":4},{"square":9},{"square":16},{"square":25}]}"#)
    );
    assert_eq!(*calls.lock().unwrap(), [5]);
}

#[test]
fn info_looks_ahead_and_knows_its_place() {
    let app = App::builder(
        Schema::parse("type Query { me: User } type User { id: ID name: String age: Int }").unwrap(),
    );
    struct User;
    typed!(User);
    let app = app
        .field("Query.me", |_: &Root, call: &Call<Mutex<Vec<String>>>| {
            let mut seen = call.context.lock().unwrap();
            seen.push(format!(
                "{}.{} as {}",
                call.info.parent_type(),
                call.info.field_name(),
                call.info.response_name()
            ));
            seen.extend(call.info.selected());
            drop(seen);
            Err::<User, _>(GraphqlError::new(call.context.lock().unwrap().join(" ")))
        })
        .field("User.id", |_: &User, _| 1)
        .field("User.name", |_: &User, _| "x")
        .field("User.age", |_: &User, _| 1)
        .build()
        .unwrap();
    let query = "{ you: me { x: id id ...F age @skip(if: true) } } fragment F on User { name }";
    let response = block_on(app.execute(&Request::new(query), Mutex::default()));
    assert_eq!(response.errors()[0].message(), "Query.me as you id name");
}

#[test]
fn a_dropped_execution_drops_its_futures() {
    struct Flag(Arc<Mutex<bool>>);
    impl Drop for Flag {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = true;
        }
    }
    let dropped = Arc::new(Mutex::new(false));
    let shared = Arc::clone(&dropped);
    let app = App::builder(Schema::parse("type Query { a: Int }").unwrap())
        .field_async("Query.a", move |_: Parent<Root>, _: Arc<Call<()>>| {
            let flag = Flag(Arc::clone(&shared));
            async move {
                std::future::pending::<()>().await;
                drop(flag);
                1
            }
        })
        .build()
        .unwrap();
    let mut execution = app.execute(&Request::new("{ a }"), ());
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(Pin::new(&mut execution).poll(&mut cx).is_pending());
    drop(execution);
    assert!(*dropped.lock().unwrap());
}

#[test]
fn an_app_reports_each_field_without_resolver_and_each_wrong_coordinate() {
    let app =
        App::<()>::builder(Schema::parse("type Query { a: Int b: Dog } type Dog { name: String }").unwrap())
            .field("Query.a", |_: &Dog, _| 1)
            .field("Query.c", |_: &Root, _| 1)
            .field("Dog.name", |_: &Dog, _| "x")
            .field("Dog.name", |_: &Dog, _| "y");
    let error = app.build().unwrap_err();
    let problems: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
    assert!(
        problems[0].starts_with("the resolver of `Query.a` takes a `")
            && problems[0].ends_with("which stands for another type")
    );
    assert_eq!(
        problems[1..],
        [
            "`Query.c` is no field of an object type of the schema",
            "`Dog.name` has two resolvers",
            "`Query.a` has no resolver",
            "`Query.b` has no resolver",
        ]
    );
}

#[test]
fn errors_of_the_service_turn_into_graphql_errors() {
    #[derive(Debug)]
    struct Mine;
    impl From<Mine> for GraphqlError {
        fn from(_: Mine) -> Self {
            Self::new("mine").with_code("MINE").with_extension("at", 3)
        }
    }
    assert!(
        matches!(Err::<i32, Mine>(Mine).into_resolved(), graphql_exec::Resolved::Error(error) if error.code() == Some("MINE"))
    );
}

#[test]
fn introspection_can_be_off() {
    let app = builder().introspection(false).build().unwrap();
    let ask = |query: &str| block_on(app.execute(&Request::new(query), Arc::default())).to_string();
    assert!(ask("{ __schema { types { name } } }").contains("introspection is off"));
    assert!(
        ask("{ ...F } fragment F on Query { x: __type(name: \"Dog\") { name } }")
            .contains("introspection is off")
    );
    assert_eq!(ask("{ __typename }"), r#"{"data":{"__typename":"Query"}}"#);
    assert!(!ask("{ dgo { name } }").contains("did you mean"));
}
