import { describe, expect, it } from 'vitest';
import type { FunctionCall } from '../../collector/agent/protocol/messages.ts';
import { answerUnknown } from '../../collector/agent/router.ts';

const NOW = 1_712_345_678_999;

function call(text: string, transaction = '4f2a-01'): FunctionCall {
  return { kind: 'function', transaction, call: text };
}

describe('a call of a function that this collector does not have', () => {
  it('is answered with 404 and the name, stale at once', () => {
    expect(answerUnknown(call('conntrack:top proto:tcp "a b"'), NOW)).toBe(
      "FUNCTION_RESULT_BEGIN '4f2a-01' 404 application/json 1712345678\n" +
        '{"status":404,"errorMessage":"conntrack.plugin has no function \\"conntrack:top\\""}\n' +
        'FUNCTION_RESULT_END\n',
    );
  });

  it('is answered also when it names nothing', () => {
    expect(answerUnknown(call(''), NOW)).toBe(
      "FUNCTION_RESULT_BEGIN '4f2a-01' 404 application/json 1712345678\n" +
        '{"status":404,"errorMessage":"conntrack.plugin has no function \\"\\""}\n' +
        'FUNCTION_RESULT_END\n',
    );
  });

  it.each(['FUNCTION_RESULT_END', '"quoted', 'back\\slash', 'a\nFUNCTION_RESULT_END\nb', '</script>', 'größe'])(
    'is answered with one line of valid JSON when its name is %j',
    (name) => {
      const lines = answerUnknown(call(name), NOW).split('\n');
      expect(lines).toHaveLength(4);
      expect(lines[2]).toBe('FUNCTION_RESULT_END');
      const body: unknown = JSON.parse(lines[1] ?? '');
      expect(body).toEqual({
        status: 404,
        errorMessage: `conntrack.plugin has no function ${JSON.stringify(name)}`,
      });
    },
  );

  it('is answered under its own transaction', () => {
    expect(answerUnknown(call('x', 'tx-9'), NOW)).toMatch(/^FUNCTION_RESULT_BEGIN 'tx-9' 404 /);
  });
});
