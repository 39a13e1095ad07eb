//! When attempts go out, and what outcomes do to them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod delivery_rig;
use delivery_rig::*;
use proptest::prelude::*;
use std::time::Duration;
use webhook_sig::UnixMillis;
use webhook_sig::delivery::*;

fn offsets(times: &[UnixMillis]) -> Vec<u64> {
    times.iter().map(|at| at.as_millis() - START.as_millis()).collect()
}

#[test]
fn the_default_schedule_is_exact_to_the_millisecond_and_ends_in_the_dead_letters() {
    let mut rig = Rig::with_endpoint();
    assert_eq!(rig.enqueue("evt_1", "user.created"), 1);
    let times = rig.fail_all(&Outcome::status(500));
    // Immediately, then 5 s, 30 s, 5 min, 30 min, 2 h, each after the one before.
    assert_eq!(offsets(&times), [0, 5_000, 35_000, 335_000, 2_135_000, 9_335_000]);
    let letters: Vec<_> =
        rig.hooks.dead_letters(None).map(|letter| (letter.attempts, letter.last_failure)).collect();
    assert_eq!(letters, [(6, Some(Failure::Status(500)))]);
    assert_eq!(rig.hooks.poll_timeout(), None);
    rig.check();
}

#[test]
fn a_wait_counts_from_the_end_of_the_attempt_before() {
    let mut rig = Rig::with_endpoint();
    rig.enqueue("evt_1", "user.created");
    let attempt = rig.attempt().unwrap();
    rig.go_to(START + Duration::from_millis(14_321));
    rig.outcome(&attempt, Outcome::Timeout);
    assert_eq!(rig.hooks.poll_timeout(), Some(START + Duration::from_millis(19_321)));
}

#[test]
fn nothing_goes_out_a_millisecond_before_it_is_due() {
    let mut rig = Rig::with_endpoint();
    rig.enqueue("evt_1", "user.created");
    let attempt = rig.attempt().unwrap();
    rig.outcome(&attempt, Outcome::Connect);
    rig.go_to(START + Duration::from_millis(4_999));
    assert!(rig.attempt().is_none());
    rig.go_to(START + Duration::from_millis(5_000));
    assert_eq!(rig.attempt().unwrap().number().get(), 2);
}

#[test]
fn schedules_are_data() {
    let mut rig = Rig::new(|config| {
        config.retry.schedule = Schedule::new([secs(1), secs(2), secs(3)]).unwrap();
    });
    rig.hooks.register(endpoint(1, &["*"])).unwrap();
    rig.enqueue("evt_1", "user.created");
    assert_eq!(offsets(&rig.fail_all(&Outcome::Dns)), [1_000, 3_000, 6_000]);
    assert_eq!(Schedule::new([]), Err(ScheduleError::Empty));
    assert_eq!(Schedule::new([Duration::ZERO; 65]), Err(ScheduleError::TooManySteps));
    assert!(Schedule::new([Duration::ZERO; 64]).is_ok());
    assert_eq!(Schedule::new([Duration::MAX]), Err(ScheduleError::StepTooLong));
}

#[test]
fn the_default_jitter_is_never_early_and_at_most_a_fifth_late() {
    for seed in 0..50 {
        let mut rig = Rig::new(|config| config.retry.jitter = Jitter::default());
        rig.hooks = Dispatcher::new(
            {
                let mut config = Config::default();
                config.retry.jitter = Jitter::default();
                config
            },
            seed,
        );
        rig.hooks.register(endpoint(1, &["*"])).unwrap();
        rig.enqueue("evt_1", "user.created");
        let times = rig.fail_all(&Outcome::status(500));
        let waits: Vec<u64> =
            times.windows(2).map(|pair| pair[1].as_millis() - pair[0].as_millis()).collect();
        for (wait, step) in waits.iter().zip([5_000, 30_000, 300_000, 1_800_000, 7_200_000]) {
            assert!((step..=step + step / 5).contains(wait), "seed {seed}: {wait} for {step}");
        }
        assert_eq!(times[0], START, "the first attempt is immediate");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn jitter_stays_within_its_percentage(millis in 0_u64..10_000_000_000, percent in 0_u8..=255, entropy: u64) {
        let wait = Duration::from_millis(millis);
        let capped = wait.min(Schedule::MAX_STEP);
        let share = capped * u32::from(percent.min(100)) / 100;
        let around = Jitter::around(percent).apply(wait, entropy);
        prop_assert!(around + Duration::from_millis(1) > capped - share && around <= capped + share);
        let later = Jitter::later(percent).apply(wait, entropy);
        prop_assert!(later >= capped && later <= capped + share);
        prop_assert_eq!(Jitter::NONE.apply(wait, entropy), capped);
    }
}

#[test]
fn retry_after_in_both_forms_delays_and_never_hastens() {
    let table = [
        (429, "120", 120_000),
        (502, "120", 120_000),
        (503, "120", 120_000),
        (504, "120", 120_000),
        // START is Tue, 14 Nov 2023 22:13:20 GMT.
        (503, "Tue, 14 Nov 2023 22:14:20 GMT", 60_000),
        (503, "Tuesday, 14-Nov-23 22:14:20 GMT", 60_000),
        (503, "Tue Nov 14 22:14:20 2023", 60_000),
        // Never earlier than the schedule's own 5 s.
        (429, "0", 5_000),
        (429, "4", 5_000),
        (503, "Tue, 14 Nov 2023 22:13:21 GMT", 5_000),
        (503, "Tue, 14 Nov 2000 22:13:21 GMT", 5_000),
        // Capped at 10 h.
        (429, "36000", 36_000_000),
        (429, "36001", 36_000_000),
        (429, "99999999999999999999999999999999999999", 36_000_000),
        (503, "Fri, 31 Dec 9999 23:59:59 GMT", 36_000_000),
        // Not a Retry-After at all.
        (429, "", 5_000),
        (429, "-1", 5_000),
        (429, "+60", 5_000),
        (429, "60.5", 5_000),
        (429, "1e300", 5_000),
        (429, "inf", 5_000),
        (429, " 60", 5_000),
        (429, "60, 120", 5_000),
        (503, "Tue, 14 Nov 2023 22:14:20 +0000", 5_000),
        (503, "2023-11-14T22:14:20Z", 5_000),
        // A status that gives it no meaning for a retry.
        (500, "120", 5_000),
        (400, "120", 5_000),
        (301, "120", 5_000),
    ];
    for (status, value, wait) in table {
        let mut rig = Rig::with_endpoint();
        rig.enqueue("evt_1", "user.created");
        let attempt = rig.attempt().unwrap();
        rig.outcome(&attempt, Outcome::retry_after(status, value));
        let at = rig.hooks.poll_timeout().unwrap();
        assert_eq!(at.as_millis() - START.as_millis(), wait, "{status} {value:?}");
    }
}

#[test]
fn a_long_step_is_not_cut_by_the_cap_on_retry_after() {
    let day = secs(24 * 60 * 60);
    let mut rig = Rig::new(|config| config.retry.schedule = Schedule::new([Duration::ZERO, day]).unwrap());
    rig.hooks.register(endpoint(1, &["*"])).unwrap();
    rig.enqueue("evt_1", "user.created");
    let attempt = rig.attempt().unwrap();
    rig.outcome(&attempt, Outcome::retry_after(503, "999999999"));
    assert_eq!(rig.hooks.poll_timeout(), Some(START + day));
}

#[test]
fn every_2xx_delivers_and_everything_else_fails() {
    for status in 100..=599_u16 {
        let mut rig = Rig::with_endpoint();
        rig.enqueue("evt_1", "user.created");
        let attempt = rig.attempt().unwrap();
        rig.outcome(&attempt, Outcome::status(status));
        let delivered = rig.hooks.counters().delivered == 1;
        assert_eq!(delivered, (200..300).contains(&status), "{status}");
        assert_eq!(rig.hooks.pending(), usize::from(!delivered), "{status}");
        rig.check();
    }
}

#[test]
fn a_410_disables_the_endpoint_and_its_deliveries_wait() {
    let mut rig = Rig::with_endpoint();
    rig.enqueue("evt_1", "user.created");
    rig.enqueue("evt_2", "user.created");
    let attempts = rig.attempts();
    assert_eq!(attempts.len(), 2);
    rig.events();
    rig.outcome(&attempts[0], Outcome::status(410));
    let events = rig.events();
    let id = EndpointId::new(1);
    assert!(
        events.contains(&DeliveryEvent::EndpointDisabled { endpoint: id, reason: DisabledReason::Gone }),
        "{events:?}"
    );
    assert_eq!(rig.hooks.endpoint(id).unwrap().1, EndpointState::Disabled(DisabledReason::Gone));
    // A second 410 of an attempt that was under way reports nothing new.
    rig.outcome(&attempts[1], Outcome::status(410));
    assert!(!rig.events().iter().any(|event| matches!(event, DeliveryEvent::EndpointDisabled { .. })));
    // Nothing goes out, and no new event makes a delivery.
    assert_eq!(rig.enqueue("evt_3", "user.created"), 0);
    rig.go_to(START + secs(1_000_000));
    assert!(rig.attempt().is_none());
    assert_eq!(rig.hooks.pending(), 2);
    // Enabled again, both are sent at once, with the whole schedule before them.
    rig.hooks.enable(id, rig.now).unwrap();
    let again = rig.attempts();
    assert_eq!(again.iter().map(|attempt| attempt.number().get()).collect::<Vec<_>>(), [2, 2]);
    rig.check();
}

#[test]
fn a_disabled_endpoint_is_not_sent_what_was_leased_already() {
    let mut rig = Rig::with_endpoint();
    rig.enqueue("evt_1", "user.created");
    rig.hooks.disable(EndpointId::new(1)).unwrap();
    assert!(rig.attempt().is_none());
    assert_eq!(rig.hooks.in_flight(), 0);
    rig.hooks.enable(EndpointId::new(1), rig.now).unwrap();
    assert_eq!(rig.attempt().unwrap().number(), AttemptNumber::FIRST);
    rig.check();
}

#[test]
fn only_endpoints_that_want_the_type_get_a_delivery() {
    let mut rig = Rig::new(|_| {});
    rig.hooks.register(endpoint(1, &["user.*"])).unwrap();
    rig.hooks.register(endpoint(2, &["user.created", "order.paid"])).unwrap();
    rig.hooks.register(endpoint(3, &["order.*"])).unwrap();
    assert_eq!(rig.enqueue("evt_1", "user.created"), 2);
    assert_eq!(rig.enqueue("evt_2", "user.email.changed"), 1);
    assert_eq!(rig.enqueue("evt_3", "username.created"), 0);
    let mut sent: Vec<_> =
        rig.attempts().iter().map(|attempt| (attempt.event.to_string(), attempt.endpoint.get())).collect();
    sent.sort();
    assert_eq!(sent, [("evt_1".into(), 1), ("evt_1".into(), 2), ("evt_2".into(), 1)]);
    assert!(
        rig.events()
            .contains(&DeliveryEvent::Enqueued { event: EventId::parse("evt_3").unwrap(), deliveries: 0 })
    );
}

#[test]
fn type_patterns_have_a_strict_grammar() {
    for bad in [
        "",
        "user.",
        ".user",
        "user..x",
        "us*r",
        "*.created",
        "user.*.x",
        "user.**",
        "**",
        "user.*.*",
        "ü",
        "a b",
    ] {
        assert!(TypePattern::parse(bad).is_err(), "{bad:?}");
    }
    for good in ["*", "user.*", "user", "user.created", "a-b_c.D9"] {
        assert_eq!(TypePattern::parse(good).unwrap().to_string(), good);
    }
    let longest = "a".repeat(EventType::MAX_LEN);
    assert!(EventType::parse(&longest).is_ok());
    assert_eq!(EventType::parse(&format!("{longest}a")), Err(FilterError::Type));
    assert_eq!(TypeFilter::parse([""; 0]), Err(FilterError::Empty));
    assert_eq!(TypeFilter::parse(["a"; 65]), Err(FilterError::TooMany));
}

#[test]
fn every_attempt_carries_the_event_id_a_fresh_signature_and_the_shared_payload() {
    let mut rig = Rig::with_endpoint();
    let sent = event("evt_1", "user.created", START);
    let payload = sent.payload.clone();
    rig.hooks.enqueue(sent, START).unwrap();
    let first = rig.attempt().unwrap();
    rig.outcome(&first, Outcome::status(500));
    assert!(rig.advance());
    let second = rig.attempt().unwrap();
    for attempt in [&first, &second] {
        assert_eq!(attempt.payload.as_ptr(), payload.as_ptr(), "the payload is one allocation");
        let headers: Vec<(&str, &str)> =
            attempt.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let verified = ring()
            .scheme(webhook_sig::Scheme::StandardWebhooks)
            .verify(&headers.as_slice(), &attempt.payload, attempt.started_at)
            .unwrap();
        assert_eq!(verified.id().unwrap().as_str(), "evt_1");
        assert_eq!(attempt.deadline, attempt.started_at + secs(15));
    }
    assert_ne!(first.id, second.id);
    assert_eq!(first.delivery(), second.delivery());
    assert_eq!((first.id.to_string(), second.id.to_string()), ("1.1".into(), "1.2".into()));
    assert_eq!(second.started_at, START + secs(5));
}

#[test]
fn every_scheme_signs_and_names_the_event() {
    for scheme in webhook_sig::Scheme::ALL {
        if scheme == webhook_sig::Scheme::Linear {
            // Its time stands in the payload, which here has none.
            continue;
        }
        let mut rig = Rig::new(|_| {});
        let url = webhook_sig::ssrf::EndpointUrl::parse("https://example.com/").unwrap();
        let own = Endpoint::new(EndpointId::new(1), url, scheme, ring()).header("X-Tenant", "7").unwrap();
        rig.hooks.register(own).unwrap();
        rig.enqueue("evt_1", "user.created");
        let attempt = rig.attempt().unwrap();
        let headers: Vec<(&str, &str)> =
            attempt.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert!(
            ring()
                .scheme(scheme)
                .with_url("https://example.com/")
                .verify(&headers.as_slice(), &attempt.payload, rig.now)
                .is_ok(),
            "{scheme:?}"
        );
        for wanted in [("webhook-id", "evt_1"), ("content-type", "application/json"), ("x-tenant", "7")] {
            assert_eq!(
                headers.iter().filter(|header| **header == wanted).count(),
                1,
                "{scheme:?} {wanted:?}"
            );
        }
    }
}

#[test]
fn own_header_fields_cannot_disturb_the_request() {
    let own = |name: &str, value: &str| endpoint(1, &["*"]).header(name, value).err();
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "Webhook-Signature",
        "svix-id",
        "stripe-signature",
        "x-hub-signature-256",
    ] {
        assert_eq!(own(name, "x"), Some(HeaderError::Reserved), "{name}");
    }
    for name in ["", "a b", "a:", "ü", "a\r\nb"] {
        assert_eq!(own(name, "x"), Some(HeaderError::Name), "{name:?}");
    }
    for value in ["a\r\nb: c", "a\n", " a", "a ", "ü", "\0"] {
        assert_eq!(own("x-own", value), Some(HeaderError::Value), "{value:?}");
    }
    assert_eq!(own("x-own", &"v".repeat(1025)), Some(HeaderError::TooMany));
    let mut full = endpoint(1, &["*"]);
    for at in 0..16 {
        full = full.header(&format!("x-{at}"), "v").unwrap();
    }
    assert_eq!(full.header("x-16", "v").err(), Some(HeaderError::TooMany));
}

#[test]
fn an_endpoint_whose_keys_have_ended_is_retried_and_nothing_goes_out_unsigned() {
    let secret = webhook_sig::Secret::whsec(SECRET).unwrap();
    let ended = webhook_sig::KeyRing::new().hmac_until("old", secret, START).unwrap();
    let url = webhook_sig::ssrf::EndpointUrl::parse("https://example.com/").unwrap();
    let unsigned = Endpoint::new(EndpointId::new(1), url, webhook_sig::Scheme::StandardWebhooks, ended);
    let mut rig = Rig::new(|_| {});
    rig.hooks.register(unsigned).unwrap();
    rig.now = START + secs(1);
    rig.enqueue("evt_1", "user.created");
    assert!(rig.attempt().is_none());
    rig.settle();
    assert!(
        rig.events()
            .iter()
            .any(|event| matches!(event, DeliveryEvent::Retrying { failure: Failure::Unsigned, .. }))
    );
    // With a key again, the next attempt goes out.
    rig.hooks.replace(endpoint(1, &["*"])).unwrap();
    assert!(rig.advance());
    assert_eq!(rig.attempt().unwrap().number().get(), 2);
}

#[test]
fn attempts_in_flight_are_limited_per_endpoint_and_in_all() {
    let mut rig = Rig::new(|config| config.limits.max_in_flight = 6);
    rig.hooks.register(endpoint(1, &["a"])).unwrap();
    rig.hooks.register(endpoint(2, &["*"])).unwrap();
    for at in 0..10 {
        rig.enqueue(&format!("evt_{at}"), "a");
    }
    let attempts = rig.attempts();
    let of = |id: u64| attempts.iter().filter(|attempt| attempt.endpoint.get() == id).count();
    assert_eq!((attempts.len(), rig.hooks.in_flight()), (6, 6));
    assert!(of(1) <= 4 && of(2) <= 4, "at most 4 each");
    assert!(of(1) >= 2 && of(2) >= 2, "taken in turn");
    for attempt in &attempts {
        rig.outcome(attempt, Outcome::status(204));
        assert!(rig.hooks.in_flight() <= 6);
    }
    assert_eq!(rig.attempts().len(), 6);
    rig.check();
}

#[test]
fn a_slow_endpoint_does_not_hold_up_another() {
    let mut rig = Rig::new(|_| {});
    rig.hooks.register(endpoint(1, &["*"])).unwrap();
    rig.hooks.register(endpoint(2, &["*"])).unwrap();
    for at in 0..20 {
        rig.enqueue(&format!("evt_{at}"), "a");
    }
    let mut done = 0;
    loop {
        let served: Vec<_> =
            rig.attempts().into_iter().filter(|attempt| attempt.endpoint.get() == 2).collect();
        if served.is_empty() {
            break;
        }
        for attempt in served {
            rig.outcome(&attempt, Outcome::status(200));
            done += 1;
        }
    }
    assert_eq!(done, 20);
}

#[test]
fn an_attempt_without_an_outcome_counts_as_lost_after_its_grace() {
    let mut rig = Rig::with_endpoint();
    rig.enqueue("evt_1", "user.created");
    let attempt = rig.attempt().unwrap();
    assert_eq!(rig.hooks.poll_timeout(), Some(START + secs(30)));
    rig.advance();
    assert!(
        rig.events()
            .iter()
            .any(|event| matches!(event, DeliveryEvent::Retrying { failure: Failure::Lost, .. }))
    );
    // The late outcome is nobody's.
    assert_eq!(rig.hooks.on_outcome(attempt.id, Outcome::status(200), rig.now), Err(UnknownAttempt));
    rig.go_to(START + secs(35));
    let second = rig.attempt().unwrap();
    assert_eq!(rig.hooks.on_outcome(attempt.id, Outcome::status(200), rig.now), Err(UnknownAttempt));
    rig.outcome(&second, Outcome::status(200));
    assert_eq!(rig.hooks.on_outcome(second.id, Outcome::status(200), rig.now), Err(UnknownAttempt));
    rig.check();
}

#[test]
fn limits_on_payload_queue_memory_and_endpoints_hold() {
    let mut rig = Rig::new(|config| {
        config.limits.max_payload = 10;
        config.limits.max_queue_per_endpoint = 2;
        config.limits.max_held_bytes = 3 * (512 + 10);
        config.limits.max_endpoints = 2;
    });
    rig.hooks.register(endpoint(1, &["*"])).unwrap();
    rig.hooks.register(endpoint(2, &["b"])).unwrap();
    assert_eq!(rig.hooks.register(endpoint(3, &["*"])), Err(RegisterError::TooMany));
    assert_eq!(rig.hooks.register(endpoint(2, &["*"])), Err(RegisterError::Duplicate));
    let send = |rig: &mut Rig, id: &str, kind: &str, bytes: usize| {
        let mut one = event(id, kind, START);
        one.payload = vec![b'x'; bytes].into();
        let sent = rig.hooks.enqueue(one, START);
        rig.settle();
        sent
    };
    assert_eq!(send(&mut rig, "evt_0", "a", 11), Err(EnqueueError::PayloadTooLarge));
    assert_eq!(send(&mut rig, "evt_1", "a", 10), Ok(1));
    assert_eq!(send(&mut rig, "evt_1", "a", 10), Err(EnqueueError::Duplicate));
    assert_eq!(send(&mut rig, "evt_2", "a", 10), Ok(1));
    // Endpoint 1 is full: its part becomes a dead letter, endpoint 2 has its delivery.
    rig.events();
    assert_eq!(send(&mut rig, "evt_3", "b", 10), Ok(2));
    let failures: Vec<_> =
        rig.hooks.dead_letters(None).map(|letter| (letter.endpoint.get(), letter.last_failure)).collect();
    assert_eq!(failures, [(1, Some(Failure::Overflow))]);
    assert!(
        rig.events().iter().any(|event| matches!(event, DeliveryEvent::DeadLettered { attempts: 0, .. }))
    );
    // The memory is full: nothing here is only a dead letter, so the event is refused.
    assert_eq!(send(&mut rig, "evt_4", "b", 10), Err(EnqueueError::Full));
    rig.check();
}

#[test]
fn dead_letters_make_room_for_new_events() {
    let mut rig = Rig::new(|config| {
        config.retry.schedule = Schedule::new([Duration::ZERO]).unwrap();
        config.limits.max_held_bytes = 1500;
    });
    rig.hooks.register(endpoint(1, &["*"])).unwrap();
    for at in 0..5 {
        rig.enqueue(&format!("evt_{at}"), "a");
        rig.fail_all(&Outcome::Connect);
    }
    assert_eq!(rig.hooks.dead_letters(None).count(), 2);
    assert_eq!(rig.hooks.counters().forgotten, 3);
    rig.check();
}

#[test]
fn a_content_type_must_be_a_header_field_value() {
    let mut rig = Rig::with_endpoint();
    for bad in ["", "a\r\nb", " a", "ü"] {
        let mut one = event("evt_1", "a", START);
        one.content_type = bad.into();
        assert_eq!(rig.hooks.enqueue(one, START), Err(EnqueueError::ContentType), "{bad:?}");
    }
}

#[test]
fn ids_have_a_strict_grammar() {
    for bad in ["", "a.b", "a b", "ü", "a\n", &"a".repeat(129)] {
        assert_eq!(EventId::parse(bad), Err(EventIdError), "{bad:?}");
    }
    assert!(EventId::parse(&"a".repeat(128)).is_ok());
    assert_eq!(AttemptNumber::new(0), None);
}

#[test]
fn the_policy_speaks_at_registration() {
    let mut rig = Rig::new(|_| {});
    let url = webhook_sig::ssrf::EndpointUrl::parse("http://169.254.169.254/latest/meta-data").unwrap();
    let inside = Endpoint::new(EndpointId::new(1), url, webhook_sig::Scheme::GitHub, ring());
    assert!(matches!(rig.hooks.register(inside), Err(RegisterError::Blocked(_))));
}

#[test]
fn a_clock_that_jumps_a_day_back_or_forth_does_no_harm() {
    for day in [-1_i64, 1] {
        let mut rig = Rig::with_endpoint();
        rig.enqueue("evt_1", "a");
        let attempt = rig.attempt().unwrap();
        let jumped = START.as_millis().checked_add_signed(day * 86_400_000).unwrap();
        rig.go_to(UnixMillis::from_millis(jumped));
        let answered = rig.hooks.on_outcome(attempt.id, Outcome::status(500), rig.now);
        assert_eq!(answered.is_err(), day == 1, "a jump ahead makes the attempt lost");
        rig.settle();
        let due = rig.hooks.poll_timeout().unwrap();
        assert_eq!(due, rig.now + secs(5));
        rig.check();
    }
}

#[test]
fn a_paused_dispatcher_leases_nothing_and_becomes_idle() {
    let mut rig = Rig::with_endpoint();
    rig.enqueue("evt_1", "a");
    let attempt = rig.attempt().unwrap();
    rig.hooks.pause();
    rig.enqueue("evt_2", "a");
    assert!(rig.attempt().is_none() && !rig.hooks.is_idle());
    rig.outcome(&attempt, Outcome::status(200));
    assert!(rig.hooks.is_idle());
    rig.hooks.resume(rig.now);
    assert_eq!(rig.attempt().unwrap().event.as_str(), "evt_2");
}

#[test]
fn reports_that_nobody_reads_are_bounded_and_counted() {
    let mut rig = Rig::new(|config| config.limits.max_unread_events = 3);
    for at in 0..5 {
        rig.enqueue(&format!("evt_{at}"), "a");
    }
    assert_eq!(rig.events().len(), 3);
    assert_eq!(rig.hooks.counters().unread_events, 2);
}

#[test]
fn failures_and_statuses_have_a_text_form_that_reads_back() {
    for failure in [
        Failure::Status(100),
        Failure::Status(503),
        Failure::Timeout,
        Failure::Connect,
        Failure::Dns,
        Failure::Tls,
    ]
    .into_iter()
    .chain([Failure::Protocol, Failure::Blocked, Failure::Unsigned, Failure::Lost, Failure::Overflow])
    {
        assert_eq!(failure.to_string().parse(), Ok(failure));
    }
    for bad in ["", "status", "status 5", "status +50", "status 99999", "Timeout"] {
        assert_eq!(bad.parse::<Failure>(), Err(FailureError), "{bad:?}");
    }
    for status in ["waiting", "leased", "delivered", "dead"] {
        assert_eq!(status.parse::<DeliveryStatus>().unwrap().as_str(), status);
    }
    assert!("Dead".parse::<DeliveryStatus>().is_err());
}
