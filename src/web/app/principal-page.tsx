export function PrincipalPage({name}: {readonly name: string}) {
  return (
    <main id="main">
      <h1>{name}</h1>
    </main>
  );
}
