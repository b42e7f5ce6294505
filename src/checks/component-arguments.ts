import { posix } from 'node:path';
import type { DesiredArgument } from '../resolve/arguments.ts';
import { isList } from '../components/flags.ts';
import { pathsOf } from '../resolve/paths.ts';
import type { Row, Taken } from '../table/row.ts';
import { ROWS } from '../table/rows.ts';
import { listText } from './check.ts';
import {
  argumentName,
  type ComponentCheck,
  type ComponentHit,
  type ComponentUnderCheck,
  givenTo,
  placesOf,
} from './component.ts';
import { mostFrequent, pathFor, type Place, valuesOf } from './component-files.ts';

/** An argument of the table that takes a file, and a file that it was given. */
interface FileArgument {
  readonly desired: DesiredArgument;
  readonly wantedPath: string;
  readonly place: Place;
}

function fileArguments(subject: ComponentUnderCheck): readonly FileArgument[] {
  return subject.wanted.flatMap((desired) => {
    const { value, argument } = desired;
    return 'path' in value
      ? placesOf(subject, argument.flag).map((place) => ({ desired, wantedPath: value.path, place }))
      : [];
  });
}

const OWNERS: ReadonlyMap<string, Row> = new Map(
  ROWS.flatMap((row) => pathsOf(row).map((path) => [path, row] as const)),
);
const ownerOf = (logical = ''): Row | undefined => OWNERS.get(logical);

/** Whether a file of the table is missing; of a certificate directory that came by itself no kubeconfig is. */
function isMissing({ logical }: Place, files: readonly { readonly path: string }[]): boolean {
  const owner = ownerOf(logical);
  if (owner === undefined || files.some(({ path }) => path === logical)) return false;
  return owner.kind !== 'kubeconfig' || files.some(({ path }) => ownerOf(path)?.kind === 'kubeconfig');
}

/** A copy of the file that was wanted is as good as that. */
function isCopy({ wantedPath, place }: FileArgument, { audit: { files } }: ComponentUnderCheck): boolean {
  const contentsOf = (path: string | undefined): string | undefined =>
    files.find((file) => file.path === path)?.contents;
  const wanted = contentsOf(wantedPath);
  return wanted !== undefined && contentsOf(place.logical) === wanted;
}

function fileHit(
  subject: ComponentUnderCheck,
  { desired: { argument, row }, wantedPath, place }: FileArgument,
  says: string,
): ComponentHit {
  return {
    row: row.id,
    field: argument.flag,
    message: `${argumentName(subject, argument.flag)} ${says}`,
    expected: pathFor(wantedPath, subject.bases),
    found: place.given,
  };
}

/** A check over the files that arguments of the table name. */
function fileCheck(
  check: Omit<ComponentCheck, 'run'>,
  find: (argument: FileArgument, subject: ComponentUnderCheck) => string | undefined,
): ComponentCheck {
  return {
    ...check,
    run: (subject) =>
      fileArguments(subject).flatMap((argument) => {
        const says = find(argument, subject);
        return says === undefined ? [] : [fileHit(subject, argument, says)];
      }),
  };
}

const takesFile = (takes: Taken): boolean => typeof takes === 'string' && takes !== 'commonName';
const isTrue = (text: string): boolean => /^(?:1|t|true)$/i.test(text);

/** Whether a value is not that of the table; in a list, whether it is not in it or not alone. */
function differs(wanted: string, given: readonly string[]): boolean {
  if (wanted === 'true') return !given.every(isTrue);
  return !given.includes(wanted) || given.some((value) => value !== wanted);
}

/** The arguments that were not given, with what comes of that. Where more was given than was read nobody can tell. */
function absentArguments(
  subject: ComponentUnderCheck,
  severity: 'error' | 'warning',
): readonly ComponentHit[] {
  const { command, wanted, keyless, bases } = subject;
  if (command.unfollowed.length > 0) return [];
  return wanted
    .filter(({ argument }) => argument.without[0] === severity)
    .filter(({ argument, row }) => argument.needsSigningKey !== true || !keyless.includes(row.id))
    .filter(({ argument }) => command.scope?.includes(argument.flag) !== false)
    .filter(({ argument }) => valuesOf(command, argument.flag) === undefined)
    .map(({ argument, row, value }) => ({
      row: row.id,
      field: argument.flag,
      message: `${argumentName(subject, argument.flag)} is not given: ${argument.without[1]}`,
      ...('path' in value ? { expected: pathFor(value.path, bases) } : {}),
      ...('text' in value ? { expected: value.text } : {}),
      ...('placeholder' in value ? { expected: value.placeholder } : {}),
    }));
}

/** Whether each argument of the table is given, and names the file of its row. */
export const ARGUMENT_CHECKS: readonly ComponentCheck[] = [
  {
    code: 'argument-missing',
    severity: 'error',
    says: 'A component is given every argument without which it does not start, is refused or lets somebody in',
    citation: 'R5, kubeadm.md 8',
    remedy: 'give the argument: k8s-pki show arguments prints all of them',
    run: (subject) => absentArguments(subject, 'error'),
  },
  {
    code: 'argument-left-out',
    severity: 'warning',
    says: 'A component is given the arguments that it can do without, but not as well',
    citation: 'R5, kubeadm.md 8',
    remedy: 'give the argument: k8s-pki show arguments prints all of them',
    run: (subject) => absentArguments(subject, 'warning'),
  },
  fileCheck(
    {
      code: 'argument-file',
      severity: 'error',
      says: 'An argument names the file of its own row, not that of another',
      citation: 'R5, kubeadm.md 8',
      remedy: 'name the file that is expected',
    },
    (argument, subject) => {
      const { desired, wantedPath, place } = argument;
      const owner = ownerOf(place.logical);
      if (owner === undefined || place.logical === wantedPath || isCopy(argument, subject)) return undefined;
      const { decides } = desired.argument;
      return owner === desired.row
        ? `names another file of ${owner.id}; it decides ${decides}`
        : `names a file of ${owner.id} (${owner.purpose}); it decides ${decides}`;
    },
  ),
  {
    code: 'argument-file-absent',
    severity: 'error',
    says: 'The file that an argument names is there: without it the component does not start',
    citation: 'R5',
    remedy: 'bring the file, or name the one that is there',
    // Also where the cluster has not the row, as that of an etcd none of whose files are there.
    run: (subject) =>
      ROWS.flatMap((row) =>
        row.arguments
          .filter(({ component, takes }) => component === subject.command.component && takesFile(takes))
          .flatMap(({ flag }) =>
            placesOf(subject, flag)
              .filter((place) => isMissing(place, subject.audit.files))
              .map(({ given }) => ({
                row: row.id,
                field: flag,
                message: `${argumentName(subject, flag)} names a file that is not there`,
                found: given,
              })),
          ),
      ),
  },
  fileCheck(
    {
      code: 'argument-file-unknown',
      severity: 'warning',
      says: 'An argument names a file that was audited',
      citation: 'R5',
      remedy: 'name the file that is expected, or see for yourself what the other one holds',
    },
    (argument, subject) => {
      const { place, desired } = argument;
      if (place.isUnmounted || ownerOf(place.logical) !== undefined || isCopy(argument, subject)) {
        return undefined;
      }
      const what =
        place.logical === undefined
          ? 'outside of what was audited'
          : 'that is none of those of a Kubernetes PKI';
      return `names a file ${what}; it decides ${desired.argument.decides}`;
    },
  ),
  {
    code: 'argument-file-unmounted',
    severity: 'error',
    says: 'A file that an argument names lies in a volume of the pod: otherwise the component does not find it',
    citation: 'kubeadm.md 8',
    remedy:
      'mount the directory into the pod: a hostPath under volumes, and its mountPath under volumeMounts',
    // Once for each directory: where a volume is missing, all that lies in it is.
    run: (subject) => {
      const unmounted = fileArguments(subject).filter(({ place }) => place.isUnmounted);
      const directories = new Set(unmounted.map(({ place }) => posix.dirname(place.given)));
      return [...directories].map((directory) => {
        const own = unmounted.filter(({ place }) => posix.dirname(place.given) === directory);
        const flags = own.map(({ desired: { argument } }) => argument.flag);
        return {
          ...(own[0] === undefined
            ? {}
            : { row: own[0].desired.row.id, field: own[0].desired.argument.flag }),
          message: `${subject.command.component ?? subject.command.program} names files in ${directory}, which no volume of the pod holds`,
          found: listText(flags),
        };
      });
    },
  },
  {
    code: 'argument-directory-other',
    severity: 'warning',
    says: 'All components of a host have their certificates from one directory: another one was not audited',
    citation: 'kubeadm.md 8',
    remedy: 'audit the other directory as well, or name the files in the one that all have',
    run: (subject) => {
      const {
        command,
        bases: { certificates: own },
        all,
      } = subject;
      // etcd may well have directories of its own: it runs on other hosts, too.
      if (fileArguments(subject).every(({ desired: { row } }) => row.hosts.etcd !== 'never')) return [];
      const common = mostFrequent(all.flatMap(({ bases }) => bases.certificates ?? []));
      if (own === undefined || common === undefined || own === common) return [];
      const message = `${command.component ?? command.program} has its certificates from another directory than most`;
      return [{ message, expected: common, found: own }];
    },
  },
  {
    code: 'argument-value',
    severity: 'warning',
    says: 'An argument that takes no file has the value of the table',
    citation: 'R5, kubeadm.md 8',
    remedy: 'give the value that is expected, unless the other one is meant',
    run: (subject) =>
      subject.wanted.flatMap(({ argument, row, value }) => {
        const given = givenTo(subject, argument.flag);
        if (!('text' in value) || given.length === 0 || !differs(value.text, given)) return [];
        const message = `${argumentName(subject, argument.flag)} has another value; it decides ${argument.decides}`;
        return [{ row: row.id, field: argument.flag, message, expected: value.text, found: listText(given) }];
      }),
  },
  {
    code: 'argument-twice',
    severity: 'warning',
    says: 'An argument that takes one value is given once: of several the last counts, and the others mislead',
    citation: 'R5',
    remedy: 'take out what does not count',
    run: (subject) =>
      subject.wanted.flatMap(({ argument: { flag }, row }) => {
        const values = subject.command.flags.flatMap((each) =>
          each.flag === flag ? (each.value ?? []) : [],
        );
        if (isList(flag) || new Set(values).size < 2) return [];
        const message = `${argumentName(subject, flag)} is given with different values`;
        return [{ row: row.id, field: flag, message, found: listText(values) }];
      }),
  },
];
