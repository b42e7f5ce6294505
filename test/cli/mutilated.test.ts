import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { run, SHAPES } from './shapes.ts';
import { withDirectory } from './tree.ts';

/** Each flag with a value that is right; `--cluster-name` and the directories may hold nearly anything. */
const RIGHT: readonly (readonly [flag: string, value: string])[] = [
  ['--host-ip', '192.0.2.10,2001:db8::10'],
  ['--hostname', 'cp1.example.com'],
  ['--node-name', 'cp1'],
  ['--apiserver-advertise-address', '192.0.2.10'],
  ['--apiserver-bind-port', '6443'],
  ['--control-plane-endpoint', 'lb.example.com:6443'],
  ['--apiserver-cert-extra-sans', 'api.example.com,*.api.example.com'],
  ['--etcd-server-cert-extra-sans', 'etcd.example.com'],
  ['--etcd-peer-cert-extra-sans', '198.51.100.7'],
  ['--service-cidr', '10.96.0.0/12,fd00:10:96::/112'],
  ['--service-dns-domain', 'cluster.local'],
  ['--key-algorithm', 'ECDSA-P256'],
  ['--sa-key-algorithm', 'RSA-2048'],
  ['--cert-validity', '8760h'],
  ['--ca-validity', '10y'],
  ['--not-before-skew', '5m'],
  ['--profile', 'hardened'],
  ['--kubernetes-version', 'v1.36.1'],
];

/** Characters that no value of these may hold, wherever they stand. */
const mutilation = fc.constantFrom(
  ...Array.from('%$(){};|<>"\'\\!?=~ \n\t'),
  'ü',
  '\u202e',
  ', O=system:masters',
);

describe.each(SHAPES)('init of $name', (shape) => {
  test('with a mutilated value exits with 2, names the flag and leaves the directory empty', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...RIGHT),
        fc.nat(),
        mutilation,
        async ([flag, right], at, character) => {
          const place = at % (right.length + 1);
          const wrong = right.slice(0, place) + character + right.slice(place);
          const others = RIGHT.filter(([name]) => name !== flag).map(([name, value]) => `${name}=${value}`);
          await withDirectory(async (cwd) => {
            const ended = await run(shape, ['init', ...others, `${flag}=${wrong}`, '--cert-dir', 'pki'], {
              cwd,
            });
            expect(ended).toMatchObject({ status: 2, stdout: '' });
            expect(ended.stderr).toContain(`error: ${flag} `);
            expect(readdirSync(cwd)).toEqual([]);
          });
        },
      ),
      { numRuns: process.env['SLOW'] === '1' ? 500 : 40, seed: 11 },
    );
  }, 120_000);
});
