// Shapes that src/decode/scan-layout.ts writes and the scanner reads: byte offsets within each
// structure. Every address is absolute. A test holds the numbers in the two files together.

/** One key of a tracked object. */
export const ENTRY_FIRST: usize = 0; // u64: the first eight bytes of the key, zero-filled
export const ENTRY_LAST: usize = 8; // u64: the last eight bytes, 0 if the key is shorter
export const ENTRY_LENGTH: usize = 16;
export const ENTRY_KEY: usize = 20; // address of the key's bytes
export const ENTRY_NEXT: usize = 24; // another entry of the same slot, or 0
export const ENTRY_OBJECT: usize = 28; // node for an object here, or 0
export const ENTRY_ARRAY: usize = 32; // entry for the first element of an array here, or 0
export const ENTRY_FLAGS: usize = 36;
export const ENTRY_PRESENT: usize = 40; // bit to set when the key is there
export const ENTRY_STRING: usize = 44; // bit to set when its value is a string
export const ENTRY_TEXT: usize = 48; // list of addresses that take the text's id, or 0
export const ENTRY_PREFIX: usize = 52; // the same for the prefix
export const ENTRY_RANGE: usize = 56; // the same for offset and length
export const ENTRY_NEEDLE: usize = 60; // a list of bytes that the text must not contain, or 0
export const ENTRY_RECORD: usize = 64; // u64: number of the record that last had this key
export const ENTRY_LAST_TEXT: usize = 72; // address, length and id of the text last seen here
export const ENTRY_LAST_LENGTH: usize = 76;
export const ENTRY_LAST_ID: usize = 80;
export const ENTRY_ACCESS_KEY: usize = 84; // list of addresses that take an access key's hash, or 0

export const FLAG_REFUSE: u32 = 1; // a record with this key is not for us
export const FLAG_TIME: u32 = 2;
export const FLAG_ID: u32 = 4;
export const FLAG_STRING: u32 = 8; // a string here must be looked at, not only skipped

/** The keys of a tracked object: slot = (hash × multiplier) >>> shift. */
export const NODE_MULTIPLIER: usize = 0; // u64
export const NODE_SHIFT: usize = 8; // u32
export const NODE_SLOTS: usize = 12; // u32 entry addresses, 0 if none

export const GROUP_IDS: usize = 0; // address where the fields' ids are gathered
export const GROUP_BYTES: usize = 4; // their length, a multiple of 16
export const GROUP_ROW: usize = 8; // address in the staged row that takes the combination's id
export const GROUP_COUNT: usize = 12;
export const GROUP_CAPACITY: usize = 16;
export const GROUP_DATA: usize = 20; // ids of combination after combination
export const GROUP_TABLE: usize = 24; // u64 slots: hash tag in the high word, id + 1 in the low
export const GROUP_MASK: usize = 28;
export const GROUP_LAST: usize = 32; // i32: combination last seen, -1 if none
export const GROUP_SIZE: usize = 36;

/** Words of a row. */
export const ROW_TIME: usize = 0; // byte offsets
export const ROW_MILLISECONDS: usize = 8;
export const ROW_HAS_ID: usize = 12;
export const ROW_ID: usize = 16;
export const ROW_OFFSET: usize = 32;
export const ROW_LENGTH: usize = 36;
