import { basename, dirname, resolve } from 'node:path';
import type { GivenOptions } from './given.ts';
import type { OptionKey } from './options.ts';
import type { Parsed } from './parsed.ts';

/** Where the files of a PKI are to lie; absolute paths. */
export interface Directories {
  readonly certDir: string;
  readonly kubeconfigDir: string;
  /** Where the root's key is kept apart; absent: in `certDir`. */
  readonly rootCaDir?: string;
}

/** The same, and where what other nodes need is put, a folder each; absent: nothing is. */
export interface Places extends Directories {
  readonly nodesDir?: string;
}

/** Reads a path. */
export function parsePath(text: string): Parsed<string> {
  if (!/[\p{Cc}\p{Cs}]/u.test(text)) return { value: text };
  return { rule: 'must be a path without control characters', hint: 'for example /etc/kubernetes/pki' };
}

function parseDirectory(given: GivenOptions, key: OptionKey, cwd: string): string | undefined {
  const path = given.one(key, parsePath);
  return path === undefined ? undefined : resolve(cwd, path);
}

/** Where certificates and keys are to lie; `rootCaDir` only where it is another directory than `certDir`. */
export function parseCertDirectories(given: GivenOptions, cwd: string): Omit<Directories, 'kubeconfigDir'> {
  const certDir = parseDirectory(given, 'certDir', cwd) ?? '/etc/kubernetes/pki';
  const rootCaDir = parseDirectory(given, 'rootCaDir', cwd);
  if (given.has('rootCaDir') && given.areSound('rootCa') && !given.flag('rootCa')) {
    given.refuse('rootCaDir', { rule: 'needs --root-ca', hint: 'add --root-ca, or leave --root-ca-dir out' });
  }
  return rootCaDir === undefined || rootCaDir === certDir ? { certDir } : { certDir, rootCaDir };
}

/** Where everything is to lie. */
export function parseAllDirectories(given: GivenOptions, cwd: string): Directories {
  const certDirectories = parseCertDirectories(given, cwd);
  const parent = dirname(certDirectories.certDir);
  if (!given.has('kubeconfigDir') && basename(certDirectories.certDir) !== 'pki') {
    given.refuse('kubeconfigDir', {
      rule: 'is needed where --cert-dir is not called pki',
      hint: `for example --kubeconfig-dir ${parent}`,
    });
  }
  return { ...certDirectories, kubeconfigDir: parseDirectory(given, 'kubeconfigDir', cwd) ?? parent };
}
