import type { Check, CheckRow, Hit } from './check.ts';
import type { OutwardLink } from './evidence.ts';

function linkCheck(check: CheckRow, message: string, isMeant: (link: OutwardLink) => boolean): Check {
  return {
    ...check,
    only: 'audit',
    appliesTo: ['ca', 'certificate', 'keyPair', 'kubeconfig', 'bundle'],
    run: ({ files }) =>
      files.flatMap(({ path, link }): readonly Hit[] =>
        link !== undefined && isMeant(link) ? [{ path, message, found: link.target }] : [],
      ),
  };
}

/** Whether what is audited is what lies there. */
export const LINK_CHECKS: readonly Check[] = [
  linkCheck(
    {
      code: 'link-not-followed',
      severity: 'error',
      says: 'A symbolic link does not lead out of what is audited: on a copy of a disk it leads to a file of the host that looks',
      citation: 'R5, symlink(7)',
      remedy:
        'audit a copy with the file in it; where this host is the one that is audited, say --follow-links',
    },
    'leads out of what is audited, and was not looked at',
    ({ isFollowed }) => !isFollowed,
  ),
  linkCheck(
    {
      code: 'link-outside',
      severity: 'warning',
      says: 'A file lies where it is looked for: who may write where a link leads to may replace it',
      citation: 'R5, symlink(7)',
      remedy: 'see that the place it leads to is as closed as this one, or put the file here',
    },
    'lies outside of what is audited',
    ({ isFollowed }) => isFollowed,
  ),
];
