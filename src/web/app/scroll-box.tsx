import {type ReactNode, useEffect, useRef, useState} from 'react';

interface Props {
  /** What scrolls, for who cannot see it. */
  readonly label: string;
  readonly className?: string;
  readonly children: ReactNode;
}

/** Scrolls what is larger than its place; then, and only then, the keyboard can get there. */
export function ScrollBox({label, className = 'scroll', children}: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [overflows, setOverflows] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = () =>
      setOverflows(
        element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight,
      );
    const observer = new ResizeObserver(look);
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    look();
    return () => observer.disconnect();
  }, []);
  return (
    <div
      ref={box}
      className={className}
      {...(overflows ? {role: 'group', 'aria-label': label, tabIndex: 0} : {})}
    >
      {children}
    </div>
  );
}
