import type { Finding } from '../finding.ts';
import { posix } from 'node:path';
import { type CheckRow, listText, withoutSecrets } from './check.ts';
import {
  type ComponentAudit,
  type ComponentCheck,
  type ComponentHit,
  ofComponent,
  subjectsOf,
} from './component.ts';
import { ARGUMENT_CHECKS } from './component-arguments.ts';
import { COMPONENT_TRUST_CHECKS } from './component-trust.ts';

const COMPONENT_UNREADABLE: CheckRow = Object.freeze({
  code: 'component-unreadable',
  severity: 'error',
  says: 'What starts a component can be read: the kubelet and systemd read it, too',
  citation: 'R5',
  remedy: 'mend the file, or take it away: the kubelet reads every file in the directory of static pods',
});

const START_CHECKS: readonly ComponentCheck[] = [
  {
    code: 'component-unknown',
    severity: 'notice',
    says: 'A program is one of those that the table has arguments for',
    citation: 'R5',
    remedy:
      'nothing to do, unless it starts a component by other flags: k3s and its like are not looked into',
    run: ({ command: { component, program } }) =>
      component === undefined
        ? [{ message: 'starts a program whose arguments are not looked into', found: program }]
        : [],
  },
  {
    code: 'component-unfollowed',
    severity: 'notice',
    says: 'Everything that a component is told stands where it was looked for',
    citation: 'R5',
    remedy: 'audit the arguments of the running process: --args with the output of ps or /proc/PID/cmdline',
    run: ({ command: { component, unfollowed }, all }) => {
      const isElsewhere =
        component !== undefined && ofComponent(all, component).some(({ command }) => command.scope);
      if (component === undefined || unfollowed.length === 0 || isElsewhere) return [];
      const message = `${component} is told more than stands here: which arguments it lacks was not judged`;
      return [{ message, found: listText(unfollowed) }];
    },
  },
  {
    code: 'component-twice',
    severity: 'warning',
    says: 'One directory of static pods starts each component once: the kubelet starts every file in it, also copies',
    citation: 'kubeadm.md 8',
    remedy: 'move the copy out of the directory, however its name ends',
    run: ({ command, all }) => {
      const { path, component, mounts } = command;
      const others = all.filter(
        ({ command: other }) =>
          component !== undefined &&
          other !== command &&
          other.component === component &&
          mounts !== undefined &&
          other.mounts !== undefined &&
          posix.dirname(other.path) === posix.dirname(path),
      );
      if (others.length === 0) return [];
      const found = listText(others.map(({ command: other }) => posix.basename(other.path)));
      return [{ message: `${component ?? ''} is started by another file of the directory as well`, found }];
    },
  },
];

const CHECKS: readonly ComponentCheck[] = [...START_CHECKS, ...ARGUMENT_CHECKS, ...COMPONENT_TRUST_CHECKS];

/** Every rule about how components are started. */
export const COMPONENT_CHECKS: readonly CheckRow[] = Object.freeze([COMPONENT_UNREADABLE, ...CHECKS]);

/** An argument may have a URL with a password, of a proxy or of a server. */
function concealed({ message, expected, found, ...hit }: ComponentHit): ComponentHit {
  return {
    ...hit,
    message: withoutSecrets(message),
    ...(expected === undefined ? {} : { expected: withoutSecrets(expected) }),
    ...(found === undefined ? {} : { found: withoutSecrets(found) }),
  };
}

/** Holds what components are started with against the table and against what is there. By command, in their order. */
export function checkComponents(audit: ComponentAudit): readonly Finding[] {
  const unreadable = audit.components.unreadable.map(({ path, message }): Finding => {
    const { code, severity, remedy } = COMPONENT_UNREADABLE;
    return { code, severity, path, message, remedy };
  });
  const found = subjectsOf(audit).flatMap((subject) =>
    CHECKS.flatMap((check) =>
      check.run(subject).map((hit): Finding => {
        const { code, severity, remedy } = check;
        return { code, severity, path: subject.command.path, ...concealed(hit), remedy };
      }),
    ),
  );
  return [...unreadable, ...found];
}
