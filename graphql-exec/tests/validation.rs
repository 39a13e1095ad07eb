//! The rules of section 5 (GraphQL September 2025): the examples and counter-examples of the specification, each on its schema.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use graphql_exec::syntax::Document;
use graphql_exec::validate::{validate, validate_with};
use graphql_exec::{GraphqlError, Limits, Schema};

/// The schema of the examples in section 5, and what the other examples of it add.
const SDL: &str = "
type Query {
  dog: Dog
  findDog(searchBy: FindDogInput): Dog
  pet: Pet
  catOrDog: CatOrDog
  human: Human
  arguments: Arguments
  findBy(by: By!): Dog
  json(value: JSON): Int
}
type Mutation { addPet(pet: PetInput!): Pet addPets(pet: [PetInput!]!): [Pet] }
type Subscription { newMessage: Message disallowedSecondRootField: Boolean }
type Message { body: String sender: String }
enum DogCommand { SIT DOWN HEEL }
type Dog implements Pet {
  name: String!
  nickname: String
  barkVolume: Int
  doesKnowCommand(dogCommand: DogCommand!): Boolean!
  isHouseTrained(atOtherHomes: Boolean): Boolean!
  owner: Human
}
interface Sentient { name: String! }
interface Pet { name: String! }
type Alien implements Sentient { name: String! homePlanet: String }
type Human implements Sentient { name: String! pets: [Pet!] }
enum CatCommand { JUMP }
type Cat implements Pet {
  name: String!
  nickname: String
  doesKnowCommand(catCommand: CatCommand!): Boolean!
  meowVolume: Int
}
union CatOrDog = Cat | Dog
union DogOrHuman = Dog | Human
union HumanOrAlien = Human | Alien
input FindDogInput { name: String owner: String }
input PetInput @oneOf { cat: CatInput dog: DogInput }
input CatInput { name: String! nickname: String meowVolume: Int }
input DogInput { name: String! nickname: String barkVolume: Int }
input By { name: String! near: [By!] volume: Int = 3 }
scalar JSON
type Arguments {
  multipleRequirements(x: Int!, y: Int!): Int!
  booleanArgField(booleanArg: Boolean): Boolean
  floatArgField(floatArg: Float): Float
  intArgField(intArg: Int): Int
  nonNullBooleanArgField(nonNullBooleanArg: Boolean!): Boolean!
  booleanListArgField(booleanListArg: [Boolean]!): [Boolean]
  optionalNonNullBooleanArgField(optionalBooleanArg: Boolean! = false): Boolean!
}
directive @onField on FIELD
directive @often(n: Int!) repeatable on FIELD | QUERY
";

fn errors(document: &str) -> Vec<GraphqlError> {
    let schema = Schema::parse(SDL).unwrap();
    let document = Document::parse(document).unwrap();
    validate(&schema, &document, &Limits::DEFAULT).err().unwrap_or_default()
}

#[track_caller]
fn valid(document: &str) {
    assert_eq!(errors(document), [], "{document}");
}

/// Each error by its rule, with the text from its first place on.
#[track_caller]
fn invalid(document: &str, expected: &[(&str, &str)]) {
    let found = errors(document);
    let lines: Vec<&str> = document.split('\n').collect();
    let found: Vec<(String, String)> = found
        .iter()
        .map(|error| {
            assert_eq!(error.code(), Some("GRAPHQL_VALIDATION_FAILED"));
            assert!(!error.message().ends_with('.'), "{error}");
            let rule = error.extensions().get("rule").and_then(|rule| rule.as_str()).unwrap();
            let place = error.locations()[0];
            let line = lines[place.line as usize - 1];
            (rule.to_owned(), line.chars().skip(place.column as usize - 1).collect())
        })
        .collect();
    assert_eq!(found.len(), expected.len(), "{document}\n{found:?}");
    for ((rule, at), (expected_rule, expected_at)) in found.iter().zip(expected) {
        assert_eq!(rule, expected_rule, "{document}\n{found:?}");
        assert!(at.starts_with(expected_at), "{document}\n{found:?}");
    }
}

#[test]
fn s5_2_1_1_operation_type_existence() {
    let schema = Schema::parse("type Query { hello: String }").unwrap();
    for (document, kind) in [("mutation Add { a }", "mutation"), ("subscription { a }", "subscription")] {
        let document = Document::parse(document).unwrap();
        let errors = validate(&schema, &document, &Limits::DEFAULT).unwrap_err();
        assert_eq!(errors[0].message(), format!("the schema has no {kind} operations"));
    }
}

#[test]
fn s5_2_2_1_operation_name_uniqueness() {
    valid("query getDogName { dog { name } } query getOwnerName { dog { owner { name } } }");
    invalid(
        "query getName { dog { name } }\nquery getName { dog { owner { name } } }",
        &[("UniqueOperationNames", "getName { dog { name } }")],
    );
    invalid(
        "query dogOperation { dog { name } } mutation dogOperation { __typename }",
        &[("UniqueOperationNames", "dogOperation")],
    );
}

#[test]
fn s5_2_3_1_lone_anonymous_operation() {
    valid("{ dog { name } }");
    invalid(
        "{ dog { name } } query getName { dog { owner { name } } }",
        &[("LoneAnonymousOperation", "{ dog")],
    );
}

#[test]
fn s5_2_4_1_single_root_field() {
    valid("subscription sub { newMessage { body sender } }");
    valid(
        "subscription sub { ...newMessageFields } fragment newMessageFields on Subscription { newMessage { body sender } }",
    );
    valid("subscription { newMessage { body } ... on Subscription { newMessage { sender } } }");
    invalid(
        "subscription sub { newMessage { body sender } disallowedSecondRootField }",
        &[("SingleFieldSubscriptions", "disallowedSecondRootField")],
    );
    invalid(
        "subscription sub { ...multipleSubscriptions }\nfragment multipleSubscriptions on Subscription { newMessage { body } disallowedSecondRootField }",
        &[("SingleFieldSubscriptions", "disallowedSecondRootField")],
    );
    invalid(
        "subscription requiredRuntimeValidation($bool: Boolean!) { newMessage @include(if: $bool) { body sender } disallowedSecondRootField @skip(if: $bool) }",
        &[
            ("SingleFieldSubscriptions", "@include"),
            ("SingleFieldSubscriptions", "disallowed"),
            ("SingleFieldSubscriptions", "@skip"),
        ],
    );
    invalid("subscription sub { __typename }", &[("SingleFieldSubscriptions", "__typename")]);
    invalid(
        "subscription { ... on Subscription @include(if: true) { newMessage { body } } }",
        &[("SingleFieldSubscriptions", "@include")],
    );
}

#[test]
fn s5_3_1_field_selections() {
    invalid("{ dog { ...a } }\nfragment a on Dog { meowVolume }", &[("FieldsOnCorrectType", "meowVolume")]);
    invalid("{ dog { barkVolume: kawVolume } }", &[("FieldsOnCorrectType", "kawVolume")]);
    valid("{ pet { name } }");
    invalid("{ pet { nickname } }", &[("FieldsOnCorrectType", "nickname")]);
    valid("{ catOrDog { __typename ... on Pet { name } ... on Dog { barkVolume } } }");
    invalid(
        "{ catOrDog { name barkVolume } }",
        &[("FieldsOnCorrectType", "name"), ("FieldsOnCorrectType", "barkVolume")],
    );
    invalid("{ dog { __schema { description } } }", &[("FieldsOnCorrectType", "__schema")]);
}

#[test]
fn s5_3_2_field_selection_merging() {
    const RULE: &str = "OverlappingFieldsCanBeMerged";
    valid("{ dog { name name } }");
    valid("{ dog { otherName: name otherName: name } }");
    invalid("{ dog { name: nickname name } }", &[(RULE, "name: nickname")]);
    valid("{ dog { doesKnowCommand(dogCommand: SIT) doesKnowCommand(dogCommand: SIT) } }");
    valid(
        "query q($c: DogCommand!) { dog { doesKnowCommand(dogCommand: $c) doesKnowCommand(dogCommand: $c) } }",
    );
    for conflict in [
        "doesKnowCommand(dogCommand: SIT) doesKnowCommand(dogCommand: HEEL)",
        "isHouseTrained(atOtherHomes: true) isHouseTrained",
        "isHouseTrained isHouseTrained(atOtherHomes: null)",
    ] {
        invalid(&format!("{{ dog {{ {conflict} }} }}"), &[(RULE, conflict)]);
    }
    invalid(
        "query q($c: DogCommand!) { dog { doesKnowCommand(dogCommand: SIT) doesKnowCommand(dogCommand: $c) } }",
        &[(RULE, "doesKnowCommand(dogCommand: SIT)")],
    );
    // Safe differing fields, and arguments.
    valid("{ pet { ... on Dog { volume: barkVolume } ... on Cat { volume: meowVolume } } }");
    valid(
        "{ pet { ... on Dog { doesKnowCommand(dogCommand: SIT) } ... on Cat { doesKnowCommand(catCommand: JUMP) } } }",
    );
    // Conflicting differing responses.
    invalid(
        "{ pet { ... on Dog { someValue: nickname } ... on Cat { someValue: meowVolume } } }",
        &[(RULE, "someValue: nickname")],
    );
    // On abstract types, both could apply.
    invalid("{ pet { x: name ... on Dog { x: nickname } } }", &[(RULE, "x: name")]);
    invalid("{ pet { ... on Dog { x: name } ... on Pet { x: __typename } } }", &[(RULE, "x: ")]);
    // Below fields, through fragments, in whatever order arguments stand.
    invalid("{ dog { owner { n: name } owner { n: __typename } } }", &[(RULE, "n: name")]);
    invalid(
        "{ dog { ...A ...B } }\nfragment A on Dog { owner { x: name } }\nfragment B on Dog { owner { x: pets { name } } }",
        &[(RULE, "x: ")],
    );
    valid("{ arguments { multipleRequirements(x: 1, y: 2) multipleRequirements(y: 2, x: 1) } }");
    valid(
        "{ findBy(by: { name: \"a\", volume: 1 }) { name } findBy(by: { volume: 1, name: \"\"\"a\"\"\" }) { name } }",
    );
    invalid(
        "{ arguments { multipleRequirements(x: 1, y: 2) multipleRequirements(x: 2, y: 1) } }",
        &[(RULE, "multipleRequirements(x: 1, y: 2)")],
    );
    invalid(
        "{ findBy(by: { name: \"1,b\" }) { name } findBy(by: { name: \"1\" }) { name } }",
        &[(RULE, "findBy")],
    );
    // Lists and non-null are part of the shape.
    invalid("{ catOrDog { ... on Dog { x: name } ... on Cat { x: nickname } } }", &[(RULE, "x: name")]);
    invalid(
        "{ pet { ... on Dog { o: owner { x: name } } ... on Cat { o: __typename } } }",
        &[(RULE, "o: owner")],
    );
}

#[test]
fn s5_3_3_leaf_field_selections() {
    valid("{ dog { barkVolume } }");
    invalid("{ dog { barkVolume { sinceWhen } } }", &[("ScalarLeafs", "barkVolume")]);
    for field in ["human", "pet", "catOrDog"] {
        invalid(&format!("{{ {field} }}"), &[("ScalarLeafs", field)]);
    }
}

#[test]
fn s5_4_1_argument_names() {
    valid(
        "{ dog { doesKnowCommand(dogCommand: SIT) isHouseTrained(atOtherHomes: true) @include(if: true) } }",
    );
    invalid(
        "{ dog { doesKnowCommand(command: CLEAN_UP_HOUSE) } }",
        &[("ProvidedRequiredArguments", "doesKnowCommand"), ("KnownArgumentNames", "command")],
    );
    invalid(
        "{ dog { isHouseTrained(atOtherHomes: true) @include(unless: false) } }",
        &[("ProvidedRequiredArguments", "@include"), ("KnownArgumentNames", "unless")],
    );
    valid("{ arguments { multipleRequirements(x: 1, y: 2) } }");
}

#[test]
fn s5_4_2_argument_uniqueness() {
    invalid(
        "{ dog { isHouseTrained(atOtherHomes: true, atOtherHomes: true) } }",
        &[("UniqueArgumentNames", "atOtherHomes: true)")],
    );
}

#[test]
fn s5_4_3_required_arguments() {
    valid(
        "{ arguments { booleanArgField(booleanArg: true) nonNullBooleanArgField(nonNullBooleanArg: true) booleanArgField2: booleanArgField } }",
    );
    valid("{ arguments { optionalNonNullBooleanArgField } }");
    invalid(
        "{ arguments { nonNullBooleanArgField } }",
        &[("ProvidedRequiredArguments", "nonNullBooleanArgField")],
    );
    invalid(
        "{ arguments { nonNullBooleanArgField(nonNullBooleanArg: null) } }",
        &[("ValuesOfCorrectType", "null")],
    );
}

#[test]
fn s5_5_1_1_fragment_name_uniqueness() {
    valid("{ dog { ...A ...B } } fragment A on Dog { name } fragment B on Dog { owner { name } }");
    invalid(
        "{ dog { ...F } }\nfragment F on Dog { name }\nfragment F on Dog { owner { name } }",
        &[("UniqueFragmentNames", "F on Dog { name }")],
    );
}

#[test]
fn s5_5_1_2_fragment_spread_type_existence() {
    valid("{ dog { ...A } } fragment A on Dog { ... on Dog { name } ... @include(if: true) { name } }");
    invalid("{ dog { ...A } }\nfragment A on NotInSchema { name }", &[("KnownTypeNames", "NotInSchema")]);
    invalid("{ dog { ... on Dgo { name } } }", &[("KnownTypeNames", "Dgo")]);
}

#[test]
fn s5_5_1_3_fragments_on_object_interface_or_union_types() {
    valid(
        "{ dog { ...A ...B } catOrDog { ...C } } fragment A on Dog { name } fragment B on Pet { name } fragment C on CatOrDog { ... on Dog { name } }",
    );
    invalid("{ dog { ...A } }\nfragment A on Int { something }", &[("FragmentsOnCompositeTypes", "Int")]);
    invalid(
        "{ dog { ... on Boolean { somethingElse } ... on DogInput { name } } }",
        &[("FragmentsOnCompositeTypes", "Boolean"), ("FragmentsOnCompositeTypes", "DogInput")],
    );
}

#[test]
fn s5_5_1_4_fragments_must_be_used() {
    invalid(
        "fragment nameFragment on Dog { name }\n{ dog { name } }",
        &[("NoUnusedFragments", "nameFragment")],
    );
    invalid(
        "{ dog { name } }\nfragment A on Dog { ...B }\nfragment B on Dog { name }",
        &[("NoUnusedFragments", "A"), ("NoUnusedFragments", "B")],
    );
}

#[test]
fn s5_5_2_1_fragment_spread_target_defined() {
    invalid("{ dog { ...undefinedFragment } }", &[("KnownFragmentNames", "undefinedFragment")]);
}

#[test]
fn s5_5_2_2_fragment_spreads_must_not_form_cycles() {
    const RULE: &str = "NoFragmentCycles";
    invalid(
        "{ dog { ...A } }\nfragment A on Dog { name ...B }\nfragment B on Dog { barkVolume ...A }",
        &[(RULE, "A }")],
    );
    invalid(
        "{ dog { ...A } }\nfragment A on Dog { name owner { ...B } }\nfragment B on Human { name pets { ...A } }",
        &[(RULE, "A }")],
    );
    invalid(
        "{ dog { ...A } }\nfragment A on Dog { ...A ... on Dog { ...A } }",
        &[(RULE, "A ..."), (RULE, "A }")],
    );
    // A fragment that is spread twice is no cycle.
    valid(
        "{ dog { ...A ...B } } fragment A on Dog { ...C } fragment B on Dog { ...C } fragment C on Dog { name }",
    );
}

#[test]
fn s5_5_2_3_fragment_spread_is_possible() {
    const RULE: &str = "PossibleFragmentSpreads";
    valid(
        "{ dog { ... on Dog { barkVolume } ... on Pet { name } ... on CatOrDog { ... on Cat { meowVolume } } } }",
    );
    valid(
        "{ pet { name ... on Dog { barkVolume } ... on CatOrDog { __typename } } catOrDog { ... on Pet { name } } }",
    );
    invalid("{ dog { ... on Cat { meowVolume } } }", &[(RULE, "... on Cat")]);
    invalid(
        "{ human { ...S } }\nfragment S on Sentient { ... on Dog { barkVolume } }",
        &[(RULE, "... on Dog")],
    );
    invalid(
        "{ human { ...S } }\nfragment S on HumanOrAlien { ... on Cat { meowVolume } }",
        &[(RULE, "... on Cat")],
    );
    invalid("{ pet { ... on Sentient { name } } }", &[(RULE, "... on Sentient")]);
    invalid("{ catOrDog { ...S } }\nfragment S on HumanOrAlien { __typename }", &[(RULE, "...S")]);
}

#[test]
fn s5_6_1_values_of_correct_type() {
    const RULE: &str = "ValuesOfCorrectType";
    valid(
        "{ arguments { a: booleanArgField(booleanArg: true) b: floatArgField(floatArg: 123) c: floatArgField(floatArg: 1.5e3) } }",
    );
    valid("query ($value: FindDogInput = { name: \"Fido\" }) { findDog(searchBy: $value) { name } }");
    valid("{ json(value: { a: [1, 2.5, \"x\", ENUM, null] }) }");
    for (argument, literal) in [
        ("intArgField(intArg: ", "\"123\""),
        ("intArgField(intArg: ", "1.0"),
        ("intArgField(intArg: ", "2147483648"),
        ("intArgField(intArg: ", "[1]"),
        ("intArgField(intArg: ", "{ a: 1 }"),
        ("floatArgField(floatArg: ", "\"1\""),
        ("booleanArgField(booleanArg: ", "1"),
        ("booleanArgField(booleanArg: ", "TRUE"),
        ("booleanListArgField(booleanListArg: ", "null"),
    ] {
        invalid(&format!("{{ arguments {{ {argument}{literal}) }} }}"), &[(RULE, literal)]);
    }
    invalid(
        "{ arguments { booleanListArgField(booleanListArg: [true, 1, \"x\"]) } }",
        &[(RULE, "1, "), (RULE, "\"x\"")],
    );
    // One value stands for a list of it.
    valid(
        "{ arguments { booleanListArgField(booleanListArg: true) } findBy(by: { name: \"a\", near: { name: \"b\" } }) { name } }",
    );
    invalid("{ dog { doesKnowCommand(dogCommand: JUMP) } }", &[(RULE, "JUMP")]);
    invalid("{ dog { doesKnowCommand(dogCommand: \"SIT\") } }", &[(RULE, "\"SIT\"")]);
    invalid(
        "query ($value: FindDogInput = { name: 1 }) { findDog(searchBy: $value) { name } }",
        &[(RULE, "1")],
    );
    invalid(
        "{ findDog(searchBy: { favoriteCookieFlavor: \"Bacon\" }) { name } }",
        &[(RULE, "favoriteCookieFlavor")],
    );
    invalid("{ findDog(searchBy: \"Fido\") { name } }", &[(RULE, "\"Fido\"")]);
}

#[test]
fn s5_6_2_input_object_field_names() {
    valid("{ findDog(searchBy: { name: \"Fido\" }) { name } }");
    invalid(
        "{ findBy(by: { name: \"a\", near: [{ nam: \"b\" }] }) { name } }",
        &[("ValuesOfCorrectType", "{ nam"), ("ValuesOfCorrectType", "nam")],
    );
}

#[test]
fn s5_6_3_input_object_field_uniqueness() {
    invalid(
        "{ findDog(searchBy: { name: \"a\", name: \"b\" }) { name } }",
        &[("UniqueInputFieldNames", "name: \"b\"")],
    );
    invalid("{ json(value: { a: 1, a: 2 }) }", &[("UniqueInputFieldNames", "a: 2")]);
}

#[test]
fn s5_6_4_input_object_required_fields() {
    valid("{ findBy(by: { name: \"a\" }) { name } }");
    invalid("{ findBy(by: {}) { name } }", &[("ValuesOfCorrectType", "{}")]);
    invalid("{ findBy(by: { name: null }) { name } }", &[("ValuesOfCorrectType", "null")]);
}

#[test]
fn s3_10_1_one_of_input_objects() {
    const RULE: &str = "ValuesOfCorrectType";
    valid("mutation addPet { addPet(pet: { cat: { name: \"Brontie\" } }) { name } }");
    valid("mutation addPet($cat: CatInput!) { addPet(pet: { cat: $cat }) { name } }");
    valid("mutation addPets($pet: PetInput!) { addPets(pet: [$pet]) { name } }");
    invalid(
        "mutation { addPet(pet: { cat: { name: \"a\" }, dog: { name: \"b\" } }) { name } }",
        &[(RULE, "{ cat")],
    );
    invalid("mutation { addPet(pet: {}) { name } }", &[(RULE, "{}")]);
    invalid("mutation { addPet(pet: { cat: null }) { name } }", &[(RULE, "null")]);
    invalid(
        "mutation addPet($cat: CatInput) { addPet(pet: { cat: $cat }) { name } }",
        &[("VariablesInAllowedPosition", "$cat: CatInput")],
    );
}

#[test]
fn s5_7_1_directives_are_defined() {
    invalid("{ dog { name @nope } }", &[("KnownDirectives", "@nope")]);
}

#[test]
fn s5_7_2_directives_are_in_valid_locations() {
    const RULE: &str = "KnownDirectives";
    invalid("query @skip(if: true) { dog { name } }", &[(RULE, "@skip")]);
    invalid("query ($a: Int @onField) { arguments { intArgField(intArg: $a) } }", &[(RULE, "@onField")]);
    invalid(
        "{ ... @onField { dog { ...F @onField } } }\nfragment F on Dog @onField { name }",
        &[(RULE, "@onField {"), (RULE, "@onField }"), (RULE, "@onField")],
    );
    invalid("{ dog { name @deprecated } }", &[(RULE, "@deprecated")]);
}

#[test]
fn s5_7_3_directives_are_unique_per_location() {
    invalid(
        "query ($foo: Boolean = true, $bar: Boolean = false) { dog @skip(if: $foo) @skip(if: $bar) { name } }",
        &[("UniqueDirectivesPerLocation", "@skip(if: $bar)")],
    );
    valid(
        "query ($foo: Boolean = true, $bar: Boolean = false) { dog @skip(if: $foo) { name } dog @skip(if: $bar) { nickname } }",
    );
    valid("query @often(n: 1) @often(n: 2) { dog { name @often(n: 1) @often(n: 1) } }");
}

#[test]
fn s5_8_1_variable_uniqueness() {
    invalid(
        "query q($a: Boolean, $a: Boolean) { dog { isHouseTrained(atOtherHomes: $a) } }",
        &[("UniqueVariableNames", "a: Boolean, $a")],
    );
    valid(
        "query A($a: Boolean) { ...F } query B($a: Boolean) { ...F } fragment F on Query { dog { isHouseTrained(atOtherHomes: $a) } }",
    );
}

#[test]
fn s5_8_2_variables_are_input_types() {
    valid(
        "query ($a: Boolean, $b: [Boolean!]!, $c: FindDogInput, $d: DogCommand) { json(value: [$a, $b, $c, $d]) }",
    );
    for ty in ["Cat", "[Pet!]", "CatOrDog!"] {
        invalid(&format!("query ($a: {ty}) {{ json(value: $a) }}"), &[("VariablesAreInputTypes", ty)]);
    }
    invalid("query ($a: Nothing) { json(value: $a) }", &[("KnownTypeNames", "Nothing")]);
}

#[test]
fn s5_8_3_all_variable_uses_defined() {
    const RULE: &str = "NoUndefinedVariables";
    valid("query q($a: Boolean) { dog { isHouseTrained(atOtherHomes: $a) } }");
    invalid("query q { dog { isHouseTrained(atOtherHomes: $a) } }", &[(RULE, "$a")]);
    valid("query q($a: Boolean) { dog { ...F } } fragment F on Dog { isHouseTrained(atOtherHomes: $a) }");
    invalid(
        "query q { dog { ...F } }\nfragment F on Dog { ...G }\nfragment G on Dog { isHouseTrained(atOtherHomes: $a) }",
        &[(RULE, "$a")],
    );
    invalid(
        "query A($a: Boolean) { dog { ...F } }\nquery B { dog { ...F } }\nfragment F on Dog { isHouseTrained(atOtherHomes: $a) }",
        &[(RULE, "$a")],
    );
    invalid("{ json(value: { deep: [$a] }) dog { name @include(if: $b) } }", &[(RULE, "$a"), (RULE, "$b")]);
}

#[test]
fn s5_8_4_all_variables_used() {
    const RULE: &str = "NoUnusedVariables";
    invalid("query q($a: Boolean) { dog { isHouseTrained } }", &[(RULE, "$a")]);
    valid("query q($a: Boolean) { dog { ...F } } fragment F on Dog { isHouseTrained(atOtherHomes: $a) }");
    invalid("query q($a: Boolean) { dog { ...F } }\nfragment F on Dog { isHouseTrained }", &[(RULE, "$a")]);
    invalid(
        "query A($a: Boolean) { dog { ...F } }\nquery B($a: Boolean, $extra: Int) { dog { ...F } }\nfragment F on Dog { isHouseTrained(atOtherHomes: $a) }",
        &[(RULE, "$extra")],
    );
}

#[test]
fn s5_8_5_all_variable_usages_are_allowed() {
    const RULE: &str = "VariablesInAllowedPosition";
    invalid("query q($a: Int) { arguments { booleanArgField(booleanArg: $a) } }", &[(RULE, "$a: Int")]);
    invalid(
        "query q($a: [Boolean]) { arguments { booleanArgField(booleanArg: $a) } }",
        &[(RULE, "$a: [Boolean]")],
    );
    invalid(
        "query q($a: Boolean) { arguments { nonNullBooleanArgField(nonNullBooleanArg: $a) } }",
        &[(RULE, "$a: Boolean")],
    );
    valid("query q($a: [Boolean]!) { arguments { booleanListArgField(booleanListArg: $a) } }");
    valid("query q($a: [Boolean!]!) { arguments { booleanListArgField(booleanListArg: $a) } }");
    invalid(
        "query q($a: [Boolean]) { arguments { booleanListArgField(booleanListArg: $a) } }",
        &[(RULE, "$a: [Boolean]")],
    );
    invalid(
        "query q($a: Boolean!) { arguments { booleanListArgField(booleanListArg: $a) } }",
        &[(RULE, "$a: Boolean!")],
    );
    valid("query q($a: Boolean!) { arguments { booleanListArgField(booleanListArg: [$a]) } }");
    // Allowing optional variables where a default exists.
    valid("query q($a: Boolean) { arguments { optionalNonNullBooleanArgField(optionalBooleanArg: $a) } }");
    valid("query q($a: Boolean = true) { arguments { nonNullBooleanArgField(nonNullBooleanArg: $a) } }");
    invalid(
        "query q($a: Boolean = null) { arguments { nonNullBooleanArgField(nonNullBooleanArg: $a) } }",
        &[(RULE, "$a")],
    );
}

#[test]
fn all_errors_are_told_in_the_order_of_the_text() {
    let errors = errors(
        "query ($unused: Int) {\n  dgo { name }\n  dog { nam @nope }\n  pet\n  ...Missing\n}\nfragment Unused on Dog { name }",
    );
    let lines: Vec<u32> = errors.iter().map(|error| error.locations()[0].line).collect();
    assert_eq!(lines, [1, 2, 3, 3, 4, 5, 7], "{errors:?}");
}

#[test]
fn names_are_suggested_only_where_the_schema_may_be_seen() {
    let schema = Schema::parse(SDL).unwrap();
    let document = Document::parse("{ dgo { name @onFeild ... on Hunan { name } } ...Foo } fragment Fo on Query { dog { doesKnowCommand(dogComand: SITT) } }").unwrap();
    let messages = |suggestions| -> String {
        let errors = validate_with(&schema, &document, &Limits::DEFAULT, suggestions).unwrap_err();
        errors.iter().map(|error| format!("{}\n", error.message())).collect()
    };
    let told = messages(true);
    for hint in ["`dog`", "`@onFeild`; did you mean `onField`", "`Human`", "`Fo`", "`dogCommand`"] {
        assert!(told.contains(hint), "{hint}: {told}");
    }
    let quiet = messages(false);
    // A fragment's name is the client's own.
    assert_eq!(quiet.matches("did you mean").count(), 1, "{quiet}");
    assert!(!quiet.contains("`Human`") && !quiet.contains("`dogCommand`;"), "{quiet}");
}

#[test]
fn errors_end_at_their_limit() {
    let schema = Schema::parse(SDL).unwrap();
    let text = format!("{{ {} }}", "nope ".repeat(500));
    let document = Document::parse(&text).unwrap();
    assert_eq!(validate(&schema, &document, &Limits::DEFAULT).unwrap_err().len(), 100);
    let mut limits = Limits::default();
    limits.max_errors = 3;
    assert_eq!(validate(&schema, &document, &limits).unwrap_err().len(), 3);
}
