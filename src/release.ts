/** This release. The day is the earliest that a right clock can show. */
export const VERSION = '0.1.0';
export const RELEASED = '2026-11-23T00:00:00Z';
