import type {Random} from '../base/random.ts';

const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:146.0) Gecko/20100101 Firefox/146.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
] as const;

const CLI_SYSTEMS = [
  'os/macos#24.5.0 md/arch#arm64 lang/python#3.13.4 md/pyimpl#CPython',
  'os/linux#6.8.0-60-generic md/arch#x86_64 lang/python#3.13.4 md/pyimpl#CPython',
  'os/windows#11 md/arch#amd64 lang/python#3.13.4 md/pyimpl#CPython',
] as const;

export function browser(random: Random): string {
  return random.pick(BROWSERS);
}

/** A laptop's CLI: version and system, which change when it is upgraded or replaced. */
export function cliAgent(random: Random): string {
  return `aws-cli/2.${random.between(22, 32)}.${random.between(0, 30)} md/awscrt#0.26.1 ua/2.1 ${random.pick(CLI_SYSTEMS)}`;
}

export function cliCommand(agent: string, service: string, name: string): string {
  const words = name
    .replace(/\d{8}(v\d)?$|\d{4}_\d\d_\d\d$/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase();
  return `${agent} md/prompt#off md/command#${service}.${words}`;
}

/** What scripts, notebooks and tools of people announce themselves as. */
export function toolAgent(random: Random): string {
  switch (random.below(6)) {
    case 0:
    case 1:
    case 2:
      return `Boto3/1.${random.between(34, 40)}.${random.between(0, 99)} md/Botocore#1.${random.between(34, 40)}.20 ua/2.0 os/macos#24.5.0 md/arch#arm64 lang/python#3.12.7`;
    case 3:
      return `APN/1.0 HashiCorp/1.0 Terraform/1.${random.between(8, 12)}.${random.between(0, 6)} (+https://www.terraform.io) terraform-provider-aws/5.${random.between(80, 99)}.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.36.3 os/darwin lang/go#1.23.6 md/GOARCH#arm64`;
    case 4:
      return `aws-sdk-js/3.${random.between(700, 890)}.0 ua/2.1 os/darwin#24.5.0 lang/js md/nodejs#22.14.0 api/sts#3.800.0`;
    default:
      return `aws-toolkit-vscode/3.${random.between(40, 60)}.0 Visual-Studio-Code/1.10${random.below(9)}.0 ClientId/${random.between(10_000, 99_999)}`;
  }
}

const SDKS = [
  (n: number) =>
    `Boto3/1.${34 + (n % 7)}.${n % 90} Python/3.12.9 Linux/5.10.235 Botocore/1.${34 + (n % 7)}.${n % 90}`,
  (n: number) =>
    `aws-sdk-java/2.${25 + (n % 7)}.${n % 70} Linux/5.10.235 OpenJDK_64-Bit_Server_VM/21.0.6 io/sync http/Apache`,
  (n: number) =>
    `aws-sdk-go-v2/1.${30 + (n % 7)}.${n % 5} os/linux lang/go#1.23.${n % 9} md/GOARCH#amd64`,
  (n: number) => `aws-sdk-js/3.${700 + (n % 180)}.0 os/linux lang/js md/nodejs#22.14.0`,
  (n: number) =>
    `aws-sdk-dotnet-coreclr/3.7.${400 + (n % 90)}.0 os/linux#5.10 lang/.NET_Core#8.0.${n % 15}`,
  (n: number) => `aws-sdk-php/3.${330 + (n % 20)}.0 OS/Linux#5.10.235 lang/php#8.3.${n % 20}`,
  (n: number) => `aws-sdk-ruby3/3.${210 + (n % 15)}.0 ua/2.1 os/linux lang/ruby#3.3.${n % 8}`,
  (n: number) =>
    `Boto3/1.${34 + (n % 7)}.${n % 90} md/Botocore#1.${34 + (n % 7)}.${n % 90} ua/2.0 os/linux#5.10.235 md/arch#x86_64 lang/python#3.12.9 md/pyimpl#CPython exec-env/AWS_Lambda_python3.12 cfg/retry-mode#legacy`,
] as const;

const SDK_SHARES = [0, 0, 0, 7, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6] as const;

/** The SDK of an application: stays with it until it is upgraded. */
export function sdkAgent(random: Random): string {
  const sdk = SDKS[random.pick(SDK_SHARES)] as (n: number) => string;
  return sdk(random.below(1000));
}

export const TERRAFORM =
  'APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/5.98.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.23.8 md/GOOS#linux md/GOARCH#amd64';
export const PROWLER =
  'Boto3/1.35.99 md/Botocore#1.35.99 ua/2.0 os/linux#6.1.134 md/arch#x86_64 lang/python#3.12.10 md/pyimpl#CPython cfg/retry-mode#standard Botocore/1.35.99 APN_1826889';
export const GITHUB =
  'aws-sdk-js/3.816.0 ua/2.1 os/linux#6.11.0-1012-azure lang/js md/nodejs#20.19.1 api/sts#3.816.0 configure-aws-credentials-for-github-actions';
