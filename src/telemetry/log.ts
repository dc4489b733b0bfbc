import {type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions} from 'pino';

export type Logger = PinoLogger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * JSON, a line an event. What came from outside can neither begin a line nor steer a terminal: JSON
 * escapes the controls of ASCII, `escaping` those beyond. Records, tokens and queries are not logged
 * at all; that is for the callers to see to.
 */
export function createLog(level: LogLevel = 'info', destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: {level: (label: string) => ({level: label})},
    redact: {
      paths: [
        'authorization',
        'cookie',
        'token',
        'secret',
        'password',
        '*.authorization',
        '*.cookie',
      ],
      censor: '[left out]',
    },
  };
  return pino(options, escaping(destination ?? {write: (line) => void process.stderr.write(line)}));
}

/** C1 controls, line separators and marks that turn the direction of writing. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function escaping(destination: DestinationStream): DestinationStream {
  return {
    write: (line) =>
      destination.write(
        line.replace(UNSAFE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
      ),
  };
}
