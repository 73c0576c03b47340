//! Which files are opened, and what is said about the others.

mod common;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{PermissionsExt, symlink};

use common::{open, options, page, replay};
use rusqlite::Connection;
use septet_store::{Error, Store};
use tempfile::tempdir;

fn refused(path: &std::path::Path) -> Error {
    match Store::open(options(path)) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => {
            assert!(Error::CODES.contains(&error.code));
            assert!(error.message.contains(&*path.file_name().unwrap().to_string_lossy()), "{error}");
            error
        }
    }
}

#[test]
fn a_second_node_is_told_that_the_file_is_taken() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let first = open(&path);
    assert_eq!(refused(&path).code, "store.locked");
    let link = folder.path().join("septet.db.link");
    symlink(&path, &link).unwrap();
    let error = Store::open(options(&link)).err().unwrap();
    assert_eq!(error.code, "store.locked", "by another name too");
    first.commit(page(1)).unwrap();
    first.close().unwrap();
    assert_eq!(replay(&open(&path)).len(), 1);
}

#[test]
fn only_the_owner_may_read_it() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = open(&path);
    store.commit(page(1)).unwrap();
    common::wait(&store, 1);
    for end in ["", "-wal", "-shm"] {
        let name = folder.path().join(format!("septet.db{end}"));
        assert_eq!(fs::metadata(&name).unwrap().permissions().mode() & 0o777, 0o600, "{}", name.display());
    }
}

#[test]
fn a_missing_folder_is_named() {
    let folder = tempdir().unwrap();
    assert_eq!(refused(&folder.path().join("absent/septet.db")).code, "store.open");
    assert_eq!(refused(folder.path()).code, "store.open");
}

#[test]
fn garbage_is_corrupt_and_left_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let garbage = vec![0xA5; 10_000];
    fs::write(&path, &garbage).unwrap();
    assert_eq!(refused(&path).code, "store.corrupt");
    assert_eq!(fs::read(&path).unwrap(), garbage);
}

#[test]
fn a_truncated_file_is_corrupt_and_left_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = open(&path);
    for seq in 1..=200 {
        store.commit(page(seq)).unwrap();
    }
    store.close().unwrap();
    let whole = fs::metadata(&path).unwrap().len();
    for length in [whole - 4096, whole / 2, 5000, 100] {
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        assert_eq!(refused(&path).code, "store.corrupt", "{length} of {whole} octets");
        assert_eq!(fs::metadata(&path).unwrap().len(), length);
    }
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    open(&path).close().unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = refused(&path);
    assert_eq!(error.code, "store.schema");
    assert!(error.message.contains("99"), "{error}");
    let version: i32 = Connection::open(&path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn the_database_of_another_program_is_refused() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("other.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE mine(a)").unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(refused(&path).code, "store.schema");
    assert_eq!(fs::read(&path).unwrap(), before, "it is not ours to change");
}
