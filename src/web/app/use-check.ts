import {useEffect, useState} from 'react';
import type {DetectionCheck} from '../../api/detection-types.ts';
import {ApiFailure, post} from './api.ts';

const SETTLE_MS = 400;

export interface Checked {
  /** Of the text as it was when last checked. */
  readonly check: DetectionCheck | undefined;
  readonly failure: ApiFailure | undefined;
  /** The text has changed since. */
  readonly checking: boolean;
}

/** What the service has to say about a text of detections, asked once typing stops. */
export function useCheck(text: string | undefined): Checked {
  const [answer, setAnswer] = useState<{
    readonly text: string;
    readonly check?: DetectionCheck | undefined;
    readonly failure?: ApiFailure | undefined;
  }>();
  useEffect(() => {
    if (text === undefined) return;
    let current = true;
    const timer = setTimeout(() => {
      post<DetectionCheck>('/api/v1/detections/check', {text}).then(
        (check) => {
          if (current) setAnswer({text, check});
        },
        (error: unknown) => {
          if (!current) return;
          const failure =
            error instanceof ApiFailure ? error : new ApiFailure(0, 'unreadable', String(error));
          setAnswer((before) => ({text, check: before?.check, failure}));
        },
      );
    }, SETTLE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text]);
  return {
    check: answer?.check,
    failure: answer?.failure,
    checking: text !== undefined && answer?.text !== text,
  };
}
