import { Volume } from 'memfs';
import { describe, expect, it } from 'vitest';

import { findPlaces, socketPath } from '../../../collector/modules/conntrackd/discovery.ts';
import { Host } from '../../../collector/procfs/host.ts';

const CONFIGURATION = '/etc/conntrackd/conntrackd.conf';
const USUAL = '/var/run/conntrackd.ctl';

/** Like the examples of conntrack-tools. */
const EXAMPLE = `#
# Synchronizer settings
#
Sync {
	Mode FTFW {
		# ResendQueueSize 131072
	}
	Multicast {
		IPv4_address 225.0.0.50
		Interface eth2
	}
}

#
# General settings
#
General {
	Systemd on
	LockFile /var/lock/conntrack.lock

	#
	# Unix socket configuration
	#
	UNIX {
		Path /run/firewall/sync.ctl
		# Backlog 20
	}
	NetlinkBufferSize 2097152
}
`;

/** Places on a host with these files, by name. */
function places(files: Record<string, string>, configured: readonly string[] = [], prefix = ''): [string, string][] {
  const volume = Volume.fromJSON(files);
  return findPlaces(volume, new Host(volume, prefix), configured).map(({ name, path }) => [name, path]);
}

describe('the path of the socket in the configuration of conntrackd', () => {
  it.each([
    ['in an example', EXAMPLE, '/run/firewall/sync.ctl'],
    ['in one line', 'General { UNIX { Path /run/a.ctl } }', '/run/a.ctl'],
    ['without blanks', 'General{UNIX{Path /run/a.ctl\n}}', '/run/a.ctl'],
    ['after line breaks and tabs', 'UNIX\t\n{\n\n\tBacklog\t20\n\tPath\t\t/run/a.ctl\t\n}', '/run/a.ctl'],
    ['with carriage returns', 'UNIX {\r\n  Path /run/a.ctl\r\n}\r\n', '/run/a.ctl'],
    ['in quotes', 'UNIX { Path "/run/a.ctl" }', '/run/a.ctl'],
    ['behind a comment with a brace', 'UNIX { # Path /run/b.ctl }\n Path /run/a.ctl }', '/run/a.ctl'],
    ['behind a block that is a comment', '#UNIX { Path /run/b.ctl }\nUNIX { Path /run/a.ctl }', '/run/a.ctl'],
    ['before a comment', 'UNIX {# here\nPath /run/a.ctl # Path /run/b.ctl\n}', '/run/a.ctl'],
    ['with a hash in its path', 'UNIX { Path /run/a#1.ctl\n}', '/run/a#1.ctl'],
    ['in the last of several blocks', 'UNIX { Path /run/b.ctl }\nUNIX { Path /run/a.ctl }', '/run/a.ctl'],
    ['in the last of several clauses', 'UNIX { Path /run/b.ctl\nPath /run/a.ctl }', '/run/a.ctl'],
    ['in the only block that has it', 'UNIX { Path /run/a.ctl }\nUNIX { Backlog 20 }', '/run/a.ctl'],
  ])('is found %s', (_where, text, path) => {
    expect(socketPath(text)).toBe(path);
  });

  it.each([
    ['nothing', ''],
    ['no block', 'General { LockFile /var/lock/conntrack.lock }'],
    ['a path elsewhere', 'Helper { Path /run/b.ctl }\nUNIX { Backlog 20 }'],
    ['a block that does not end', 'UNIX { Path /run/b.ctl'],
    ['a relative path', 'UNIX { Path run/b.ctl }'],
    ['another word', 'XUNIX { Path /run/b.ctl }\nUNIX { LockPath /run/b.ctl }'],
    ['lower case', 'unix { path /run/b.ctl }'],
    ['no path', 'UNIX { Path\n}'],
    ['only a comment', '  # UNIX { Path /run/b.ctl }'],
    ['something binary', '\0\xff{UNIX}\0'],
  ])('is not found in %s', (_what, text) => {
    expect(socketPath(text)).toBeUndefined();
  });

  // Quadratic running time would exceed the timeout of a test.
  it.each(['UNIX {', '#', ' ', 'Path ', 'UNIX', '{ }', '\n\t'])('is not found in 200,000 times %j', (part) => {
    expect(socketPath(part.repeat(200_000))).toBeUndefined();
  });
});

describe('the sockets of daemons', () => {
  it('are the configured ones, even if others exist', () => {
    const found = places({ [CONFIGURATION]: EXAMPLE }, ['/run/one.ctl', '/srv/two.sock'], '/host');
    expect(found).toEqual([
      ['one', '/run/one.ctl'],
      ['two', '/srv/two.sock'],
    ]);
  });

  it("are the one in conntrackd's own configuration", () => {
    expect(places({ [CONFIGURATION]: EXAMPLE })).toEqual([['sync', '/run/firewall/sync.ctl']]);
  });

  it.each([
    ['is missing', {}],
    ['does not name it', { [CONFIGURATION]: 'General { }' }],
    ['cannot be read', { [`${CONFIGURATION}/folder`]: '' }],
    ['is empty', { [CONFIGURATION]: '' }],
  ])('are the usual one if the configuration %s', (_what, files) => {
    expect(places(files)).toEqual([['conntrackd', USUAL]]);
  });

  it('are the usual one that exists', () => {
    expect(places({ '/var/run/conntrackd.sock': '' })).toEqual([['conntrackd', '/var/run/conntrackd.sock']]);
    expect(places({ '/var/run/conntrackd.sock': '', [USUAL]: '' })).toEqual([['conntrackd', USUAL]]);
    expect(places({ '/host/run/conntrackd.sock': '' }, [], '/host')).toEqual([
      ['conntrackd', '/host/run/conntrackd.sock'],
    ]);
  });

  it('are those of the host below a prefix', () => {
    const files = { [`/host${CONFIGURATION}`]: EXAMPLE, [CONFIGURATION]: 'UNIX { Path /run/container.ctl }' };
    expect(places(files, [], '/host')).toEqual([['sync', '/host/run/firewall/sync.ctl']]);
    expect(places({ [CONFIGURATION]: EXAMPLE }, [], '/host')).toEqual([['conntrackd', '/host/run/conntrackd.ctl']]);
    expect(places({}, [], '/host')).toEqual([['conntrackd', '/host/run/conntrackd.ctl']]);
  });

  it('are found without keeping the configuration open', () => {
    const volume = Volume.fromJSON({ [CONFIGURATION]: EXAMPLE });
    let open = 0;
    const fs = {
      openSync: (path: string, flags: number) => {
        open++;
        return volume.openSync(path, flags);
      },
      closeSync: (descriptor: number) => {
        open--;
        volume.closeSync(descriptor);
      },
      readSync: volume.readSync.bind(volume),
      fstatSync: (descriptor: number) => volume.fstatSync(descriptor),
      statSync: (path: string) => volume.statSync(path),
    };
    expect(findPlaces(fs, new Host(fs, ''), [])).toHaveLength(1);
    expect(open).toBe(0);
  });
});

describe('the name of a daemon', () => {
  const names = (...configured: readonly string[]): string[] => places({}, configured).map(([name]) => name);

  it('is that of its socket, reduced to letters, digits, hyphens and underscores', () => {
    expect(names('/run/fw-1.ctl')).toEqual(['fw-1']);
    expect(names('/run/fw.lan 1.socket')).toEqual(['fw_lan_1']);
    expect(names('/run/conntrackd')).toEqual(['conntrackd']);
    expect(names('/run/ü.ctl.old')).toEqual(['_ctl_old']);
  });

  it('is its whole path if another daemon has the same file name', () => {
    expect(names('/run/a/x.ctl', '/run/b/x.ctl', '/run/y.ctl')).toEqual(['run_a_x_ctl', 'run_b_x_ctl', 'y']);
    expect(names('/run/x.ctl', '/run/x.sock')).toEqual(['run_x_ctl', 'run_x_sock']);
  });

  it.each([
    [['/run/a.b/x.ctl', '/run/a_b/x.ctl']],
    [['/a/x.ctl', '/b/x.ctl', '/c/a_x_ctl']],
    [['/c/a_x_ctl', '/a/x.ctl', '/b/x.ctl', '/c/a_x_ctl_2']],
    [['/run/.ctl', '/run/.sock']],
    [['/run/fw-1.ctl', '/run/fw_1.ctl']],
  ])('is unique among %j', (configured) => {
    const found = names(...configured);
    const stored = found.map((name) => name.replace(/-/g, '_'));
    expect([found.length, new Set(stored).size]).toEqual([configured.length, configured.length]);
  });

  it('is unique for a socket that is configured twice', () => {
    expect(places({}, ['/run/x.ctl', '/run/x.ctl'])).toEqual([['x', '/run/x.ctl']]);
  });
});
