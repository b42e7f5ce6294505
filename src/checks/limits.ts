import type { CheckRow } from './check.ts';

/** Something is there that was not looked at, since looking at ever more of it takes ever longer. */
export const AUDIT_INCOMPLETE: CheckRow = {
  code: 'audit-incomplete',
  severity: 'warning',
  says: 'Everything that lies in the certificate directory is looked at: 10,000 files down to eight levels, of those that belong to nothing 1,000 and 32 MiB; RSA keys of 128 KiB together are searched for shared primes',
  citation: 'R5',
  remedy: 'move away what is no part of the PKI',
};
