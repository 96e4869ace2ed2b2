//! `liveroom draw verify`: draws a lucky draw again from its public record.

use draw::{MAX_RECORD_BYTES, Record};
use std::fs::File;
use std::io::{Read, stdin};
use std::path::PathBuf;

use crate::{Error, print_line};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Draw again from the record of a lucky draw and compare; status 1 when something does not hold
    Verify(Verify),
}

#[derive(clap::Args)]
struct Verify {
    /// The record, as the business service answers it; `-` reads it from stdin
    file: PathBuf,
    /// What was published when the draw was opened, 64 digits. Without it the record can only be
    /// shown to agree with itself
    #[arg(long, value_name = "HEX")]
    commitment: Option<String>,
    /// The hash of the list of entrants that was told when the draw was closed, 64 digits. Without it
    /// the list is compared with the record's own hash alone
    #[arg(long, value_name = "HEX")]
    entrants_hash: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let Command::Verify(verify) = &arguments.command;
    let record = Record::read(&read(&verify.file)?)?;
    match &verify.commitment {
        Some(published) => record.verify_published(&published.trim().to_ascii_lowercase())?,
        None => record.verify()?,
    }
    if let Some(told) = &verify.entrants_hash {
        record.verify_list_told(&told.trim().to_ascii_lowercase())?;
    }
    for line in report(&record, verify) {
        print_line(&line)?;
    }
    Ok(())
}

/// At most one byte more than a record may have, so that a file of any size is refused early.
fn read(file: &PathBuf) -> Result<Vec<u8>, Error> {
    let limit = u64::try_from(MAX_RECORD_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let done = if file.as_os_str() == "-" {
        stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|opened| opened.take(limit).read_to_end(&mut bytes))
    };
    done.map_err(|source| Error::RecordFile { file: file.clone(), source })?;
    Ok(bytes)
}

/// What holds, for a person. Text of the record is other people's: it is printed escaped.
fn report(record: &Record, verify: &Verify) -> Vec<String> {
    let commitment = if verify.commitment.is_some() {
        "the commitment is the one that you gave, and the seed belongs to it"
    } else {
        "the seed belongs to the record's commitment; give --commitment to compare it with the one \
         that was published at the start"
    };
    let list = match (&verify.entrants_hash, record.list_told_at_ms) {
        (Some(_), _) => "with the hash that you gave",
        (None, Some(_)) => {
            "with the hash told, by the record before the winners were drawn; give --entrants-hash \
             to compare it with the one in the room"
        }
        (None, None) => "with the hash told; the record does not say when the room was told it",
    };
    let mut lines = vec![
        format!("draw {:?} of room {:?}: {:?}", record.draw, record.room, record.prize),
        format!("ok: {commitment}"),
        format!("ok: {} entrants, each once and in order, {list}", record.entrants.len()),
    ];
    lines.push(if record.cancelled {
        "ok: the draw was cancelled, and nobody won".to_owned()
    } else {
        format!("ok: {} drawn again, the same in the same order", record.winners.len())
    });
    let places = record.winners.iter().enumerate();
    lines.extend(places.map(|(at, winner)| format!("{}. {winner:?}", at + 1)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use draw::{Entrants, Fault, RECORD_VERSION, Seed, winners};
    use std::path::Path;

    fn record() -> Record {
        let seed = Seed::new([5; 32]);
        let entrants = Entrants::new(["mei", "jun", "ana"].map(String::from));
        Record {
            version: RECORD_VERSION,
            draw: "draw_1".into(),
            room: "room_1".into(),
            keyword: "lucky".into(),
            prize: "A \u{1b}[31mcup".into(),
            opened_at_ms: 1,
            ends_at_ms: 2,
            min_level: 0,
            must_have_gifted: false,
            must_follow: false,
            not_admitted: 0,
            turned_away: 0,
            cancelled: false,
            list_told_at_ms: Some(3),
            drawn_at_ms: Some(4),
            winners_wanted: 1,
            commitment: seed.commitment(),
            seed: seed.to_hex(),
            entrants_hash: entrants.hash(),
            winners: winners(&seed, "draw_1", &entrants, 1),
            entrants: entrants.into_vec(),
        }
    }

    fn arguments(file: &Path) -> Verify {
        Verify { file: file.to_owned(), commitment: None, entrants_hash: None }
    }

    fn verify(file: &Path, commitment: Option<String>) -> Result<(), Error> {
        let verify = Verify { commitment, ..arguments(file) };
        run(&Arguments { command: Command::Verify(verify) })
    }

    #[test]
    fn the_list_is_compared_with_the_hash_that_was_told_before_the_seed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("record.json");
        std::fs::write(&file, serde_json::to_vec(&record()).unwrap()).unwrap();
        let with_hash = |hash: String| {
            let verify = Verify { entrants_hash: Some(hash), ..arguments(&file) };
            run(&Arguments { command: Command::Verify(verify) })
        };
        with_hash(record().entrants_hash.to_uppercase()).unwrap();
        let fault = with_hash("0".repeat(64)).unwrap_err();
        assert!(matches!(fault, Error::Draw(Fault::ListTold { .. })), "{fault}");
    }

    #[test]
    fn of_a_cancelled_draw_is_said_that_nobody_won() {
        let cancelled = Record { cancelled: true, winners: Vec::new(), ..record() };
        assert_eq!(cancelled.verify(), Ok(()));
        let lines = report(&cancelled, &arguments(Path::new("-"))).join("\n");
        assert!(lines.contains("cancelled"), "{lines}");
    }

    #[test]
    fn an_honest_file_is_verified_and_a_changed_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("record.json");
        std::fs::write(&file, serde_json::to_vec(&record()).unwrap()).unwrap();
        verify(&file, None).unwrap();
        verify(&file, Some(record().commitment.to_uppercase())).unwrap();
        let other = Seed::new([6; 32]).commitment();
        let fault = verify(&file, Some(other)).unwrap_err();
        assert!(matches!(fault, Error::Draw(Fault::Commitment { .. })), "{fault}");

        let mut changed = record();
        changed.winners[0] = "friend".into();
        std::fs::write(&file, serde_json::to_vec(&changed).unwrap()).unwrap();
        let fault = verify(&file, None).unwrap_err();
        assert!(matches!(fault, Error::Draw(Fault::Winner { place: 1, .. })), "{fault}");
    }

    #[test]
    fn a_file_that_cannot_be_read_or_is_endless_is_refused_in_a_sentence() {
        let dir = tempfile::tempdir().unwrap();
        let absent = verify(&dir.path().join("absent.json"), None).unwrap_err().to_string();
        assert!(absent.contains("absent.json"), "{absent}");
        let endless = dir.path().join("endless.json");
        let past_the_limit = u64::try_from(MAX_RECORD_BYTES).unwrap() * 4;
        File::create(&endless).unwrap().set_len(past_the_limit).unwrap();
        let fault = verify(&endless, None).unwrap_err();
        assert!(matches!(fault, Error::Draw(Fault::TooLong)), "{fault}");
    }

    #[test]
    fn text_of_other_people_does_not_steer_the_terminal() {
        let lines = report(&record(), &arguments(Path::new("-")));
        assert!(lines.iter().all(|line| !line.contains('\u{1b}')), "{lines:?}");
        assert!(lines[0].contains("cup"));
    }
}
