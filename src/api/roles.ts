import type {Actor} from './service.ts';

export type Role = Actor['role'];

/**
 * `anyone`: without login. `source`: the configured source checks its own key or signature.
 */
export type Access = Role | 'anyone' | 'source';

/** Who may do what: every route, once. A route that is not here cannot be added. */
export const ACCESS: Readonly<Record<string, Access>> = {
  'GET /healthz': 'anyone',
  'GET /readyz': 'anyone',
  'GET /metrics': 'viewer',
  'GET /auth/login': 'anyone',
  'GET /auth/callback': 'anyone',
  'POST /auth/token': 'anyone',
  'POST /auth/logout': 'anyone',
  'GET /api/v1/login': 'anyone',
  'GET /api/v1/openapi.json': 'viewer',
  'GET /api/v1/docs': 'viewer',
  'GET /api/v1/me': 'viewer',
  'GET /api/v1/ui-settings': 'viewer',
  'GET /api/v1/status': 'viewer',
  'GET /api/v1/stream': 'viewer',
  'GET /api/v1/observations': 'viewer',
  'GET /api/v1/observations.csv': 'viewer',
  'GET /api/v1/observations/plot': 'viewer',
  'GET /api/v1/observations/timeline': 'viewer',
  'GET /api/v1/observations/{id}': 'viewer',
  'GET /api/v1/observations/{id}/record': 'viewer',
  'GET /api/v1/observations/{id}/neighbours': 'viewer',
  'GET /api/v1/events/{eventId}': 'viewer',
  'GET /api/v1/principals': 'viewer',
  'GET /api/v1/principals/profile': 'viewer',
  'GET /api/v1/values': 'viewer',
  'GET /api/v1/detections': 'viewer',
  'GET /api/v1/detections/files': 'viewer',
  'PUT /api/v1/detections/files/{name}': 'admin',
  'POST /api/v1/detections/check': 'viewer',
  'POST /api/v1/detections/try': 'viewer',
  'GET /api/v1/detections/{id}': 'viewer',
  'GET /api/v1/matches': 'viewer',
  'GET /api/v1/matches/{id}': 'viewer',
  'GET /api/v1/alarms/{id}/history': 'viewer',
  'POST /api/v1/alarms/{id}/state': 'analyst',
  'GET /api/v1/traps': 'viewer',
  'POST /api/v1/traps/{id}/drill': 'analyst',
  'GET /api/v1/episodes': 'viewer',
  'GET /api/v1/dead-letters': 'viewer',
  'GET /api/v1/contexts': 'viewer',
  'POST /api/v1/contexts': 'admin',
  'POST /api/v1/contexts/{stream}/reset': 'admin',
  'POST /api/v1/contexts/{stream}/observe': 'analyst',
  'POST /api/v1/contexts/{stream}/score': 'viewer',
  'GET /api/v1/alerts/destinations': 'viewer',
  'POST /api/v1/alerts/destinations/{name}/test': 'analyst',
  'GET /api/v1/alerts/deliveries': 'viewer',
  'POST /api/v1/alerts/replay': 'analyst',
  'GET /api/v1/configuration': 'viewer',
  'POST /api/v1/configuration/reload': 'admin',
  'GET /api/v1/audit': 'admin',
  'GET /api/v1/tokens': 'admin',
  'POST /api/v1/tokens': 'admin',
  'DELETE /api/v1/tokens/{id}': 'admin',
  'POST /api/v1/push/{source}': 'source',
  'POST /push/{source}': 'source',
};

const RANK: Readonly<Record<Role, number>> = {viewer: 1, analyst: 2, admin: 3};

export function mayActAs(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}
