/** The version, with the commit that it was built from, unless it was built outside of git. */

import { version as number } from '../package.json';

/** Empty outside of git. Defined by the build. */
declare const COMMIT: string;

export const version = COMMIT === '' ? number : `${number} (commit ${COMMIT})`;
