import { ROWS } from './table/rows.ts';

/** Where subject, names and usages of a renewed certificate come from. */
export const RENEWAL_SOURCES = ['spec', 'certificate'] as const;
export type RenewalSource = (typeof RENEWAL_SOURCES)[number];

/** The word that stands for everything that does not renew itself. */
export const EVERYTHING = 'all';

/** Every name that a renewal takes, in the order of the table. */
export const RENEWABLE_NAMES: readonly string[] = Object.freeze(
  ROWS.filter(({ kind }) => kind === 'certificate' || kind === 'kubeconfig').map(({ id }) => id),
);
