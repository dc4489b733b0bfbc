import {assert} from '../base/assert.ts';

/** One thing that can be asked of AWS, as CloudTrail names it. */
export interface Operation {
  /** `ec2`, `s3`: the stem of the event source. */
  readonly service: string;
  readonly name: string;
  readonly readOnly: boolean;
  /** What it acts on: a key of `RESOURCE_KINDS`, or '' for nothing in particular. */
  readonly kind: string;
  /** Logged as a data event, which a trail must ask for. */
  readonly data: boolean;
  /** Changes things: not read-only and not a mere sign-in. */
  readonly key: string;
}

// Operations of each service, commonest first; `:kind` names what the operations after it act on,
// `*` marks a data event. Names are those that CloudTrail prints, with their version suffixes.
const CATALOGUE: Readonly<Record<string, string>> = {
  ec2: `:instance DescribeInstances DescribeInstanceStatus DescribeInstanceAttribute RunInstances TerminateInstances StartInstances StopInstances RebootInstances ModifyInstanceAttribute GetConsoleOutput DescribeInstanceCreditSpecifications GetPasswordData MonitorInstances GetInstanceUefiData
    :volume DescribeVolumes DescribeVolumeStatus DescribeVolumeAttribute CreateVolume AttachVolume DetachVolume DeleteVolume ModifyVolume DescribeVolumesModifications EnableVolumeIO
    :snapshot DescribeSnapshots CreateSnapshot DeleteSnapshot DescribeSnapshotAttribute ModifySnapshotAttribute CopySnapshot DescribeSnapshotTierStatus GetSnapshotBlockPublicAccessState
    :eni DescribeNetworkInterfaces CreateNetworkInterface DeleteNetworkInterface AttachNetworkInterface DetachNetworkInterface ModifyNetworkInterfaceAttribute DescribeNetworkInterfaceAttribute CreateNetworkInterfacePermission
    :group DescribeSecurityGroups AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress CreateSecurityGroup DeleteSecurityGroup DescribeSecurityGroupRules AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress DescribeStaleSecurityGroups ModifySecurityGroupRules
    :vpc DescribeVpcs DescribeVpcAttribute DescribeRouteTables DescribeNetworkAcls DescribeInternetGateways DescribeNatGateways DescribeVpcPeeringConnections DescribeFlowLogs CreateFlowLogs DeleteFlowLogs DescribeDhcpOptions CreateRoute DeleteRoute CreateVpc DeleteVpc ModifyVpcAttribute DescribeVpcEndpoints CreateVpcEndpoint DescribeVpcClassicLink DescribePrefixLists DescribeTransitGateways DescribeTransitGatewayAttachments DescribeVpnConnections DescribeEgressOnlyInternetGateways DescribeVpcEndpointServices DescribeManagedPrefixLists ReplaceRoute
    :subnet DescribeSubnets CreateSubnet ModifySubnetAttribute DeleteSubnet
    :image DescribeImages CreateImage DeregisterImage DescribeImageAttribute ModifyImageAttribute CopyImage RegisterImage
    :keypair DescribeKeyPairs CreateKeyPair ImportKeyPair DeleteKeyPair
    :template DescribeLaunchTemplates DescribeLaunchTemplateVersions CreateLaunchTemplateVersion GetLaunchTemplateData
    : DescribeTags DescribeAvailabilityZones DescribeRegions DescribeAccountAttributes DescribeAddresses DescribeInstanceTypes CreateTags DescribeInstanceTypeOfferings DescribeReservedInstances DescribePlacementGroups DescribeSpotInstanceRequests DescribeSpotPriceHistory DescribeHosts GetEbsEncryptionByDefault AllocateAddress ReleaseAddress AssociateAddress DeleteTags DescribeCapacityReservations DescribeFleets GetEbsDefaultKmsKeyId DescribeReservedInstancesOfferings DescribeClientVpnEndpoints DescribeExportTasks DescribeBundleTasks RequestSpotInstances DescribeSpotFleetRequests DescribeIamInstanceProfileAssociations AssociateIamInstanceProfile GetSerialConsoleAccessStatus`,
  s3: `:bucket GetBucketLocation GetBucketAcl GetBucketPolicy GetBucketVersioning GetBucketTagging GetBucketEncryption GetBucketPublicAccessBlock GetBucketLifecycle GetBucketLogging GetBucketPolicyStatus GetBucketNotification GetBucketWebsite GetBucketReplication GetBucketCors GetBucketObjectLockConfiguration GetBucketRequestPayment GetAccelerateConfiguration GetBucketOwnershipControls HeadBucket CreateBucket PutBucketPolicy PutBucketTagging PutBucketLifecycle PutBucketEncryption PutBucketPublicAccessBlock PutBucketVersioning PutBucketAcl PutBucketNotification PutBucketCors DeleteBucket DeleteBucketPolicy PutBucketReplication PutBucketLogging GetBucketInventoryConfiguration GetBucketMetricsConfiguration GetBucketIntelligentTieringConfiguration ListObjects* GetObject* PutObject* HeadObject* DeleteObject* DeleteObjects* ListObjectVersions* CopyObject* CreateMultipartUpload* CompleteMultipartUpload*
    : ListBuckets GetAccountPublicAccessBlock ListAccessPoints GetStorageLensConfiguration`,
  iam: `:role GetRole ListRolePolicies ListAttachedRolePolicies GetRolePolicy ListInstanceProfilesForRole CreateRole AttachRolePolicy PutRolePolicy UpdateAssumeRolePolicy DeleteRole DetachRolePolicy DeleteRolePolicy TagRole UpdateRole ListRoleTags GenerateServiceLastAccessedDetails SimulatePrincipalPolicy CreateServiceLinkedRole
    :user GetUser ListAccessKeys ListMFADevices ListGroupsForUser ListUserPolicies ListAttachedUserPolicies GetLoginProfile GetAccessKeyLastUsed ListSSHPublicKeys ListSigningCertificates ListServiceSpecificCredentials CreateAccessKey UpdateAccessKey DeleteAccessKey CreateUser AttachUserPolicy AddUserToGroup PutUserPolicy CreateLoginProfile UpdateLoginProfile DeleteUser RemoveUserFromGroup DetachUserPolicy DeactivateMFADevice EnableMFADevice ChangePassword TagUser UploadSSHPublicKey
    :policy GetPolicy GetPolicyVersion ListPolicyVersions ListEntitiesForPolicy CreatePolicy CreatePolicyVersion DeletePolicyVersion DeletePolicy SetDefaultPolicyVersion
    :profile GetInstanceProfile CreateInstanceProfile AddRoleToInstanceProfile RemoveRoleFromInstanceProfile DeleteInstanceProfile
    : ListRoles ListUsers ListPolicies GetAccountSummary ListGroups GetAccountPasswordPolicy ListAccountAliases ListInstanceProfiles GetAccountAuthorizationDetails GetCredentialReport GenerateCredentialReport ListSAMLProviders ListOpenIDConnectProviders ListServerCertificates ListVirtualMFADevices UpdateAccountPasswordPolicy GetServiceLastAccessedDetails ListOrganizationsFeatures`,
  sts: `:assume AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity : GetCallerIdentity GetSessionToken GetFederationToken GetAccessKeyInfo DecodeAuthorizationMessage`,
  kms: `:key Decrypt GenerateDataKey Encrypt DescribeKey GetKeyPolicy GetKeyRotationStatus ListGrants ListResourceTags ListKeyPolicies CreateGrant RetireGrant GenerateDataKeyWithoutPlaintext ReEncrypt Sign Verify EnableKeyRotation PutKeyPolicy CreateKey DisableKey ScheduleKeyDeletion CancelKeyDeletion CreateAlias UpdateAlias GetPublicKey TagResource : ListAliases ListKeys`,
  secretsmanager: `:secret GetSecretValue DescribeSecret GetResourcePolicy ListSecretVersionIds PutSecretValue UpdateSecret CreateSecret RotateSecret DeleteSecret UpdateSecretVersionStage TagResource RestoreSecret PutResourcePolicy : ListSecrets BatchGetSecretValue GetRandomPassword`,
  ssm: `:parameter GetParameter GetParameters GetParametersByPath PutParameter ListTagsForResource DeleteParameter GetParameterHistory AddTagsToResource LabelParameterVersion :instance StartSession TerminateSession SendCommand ListCommandInvocations GetCommandInvocation UpdateInstanceInformation ListInstanceAssociations PutInventory PutComplianceItems ResumeSession DescribeInstanceAssociationsStatus GetDeployablePatchSnapshotForInstance : DescribeParameters DescribeInstanceInformation ListCommands DescribeSessions ListDocuments DescribeDocument GetDocument ListAssociations GetInventory DescribePatchBaselines DescribeMaintenanceWindows GetConnectionStatus ListComplianceSummaries DescribeAutomationExecutions StartAutomationExecution CreateDocument GetServiceSetting DescribeOpsItems DescribePatchGroups`,
  lambda: `:function GetFunction20150331v2 GetFunctionConfiguration20150331v2 GetPolicy20150331v2 ListTags20170331 ListVersionsByFunction20150331 ListAliases20150331 UpdateFunctionCode20150331v2 UpdateFunctionConfiguration20150331v2 PublishVersion20150331 CreateFunction20150331 UpdateAlias20150331 AddPermission20150331v2 Invoke* RemovePermission20150331v2 DeleteFunction20150331 GetFunctionCodeSigningConfig GetFunctionUrlConfig GetFunctionConcurrency20190930 ListEventSourceMappings20150331 CreateEventSourceMapping20150331 PutFunctionConcurrency20171031 ListProvisionedConcurrencyConfigs20190930 GetFunctionEventInvokeConfig TagResource20170331v2 CreateFunctionUrlConfig : ListFunctions20150331 GetAccountSettings20160819 ListLayers20181031 GetLayerVersion20181031 PublishLayerVersion20181031 ListCodeSigningConfigs`,
  logs: `:loggroup DescribeLogStreams CreateLogStream GetLogEvents FilterLogEvents StartQuery CreateLogGroup DescribeMetricFilters DescribeSubscriptionFilters ListTagsForResource PutRetentionPolicy PutMetricFilter PutSubscriptionFilter DeleteLogGroup TagLogGroup DeleteLogStream ListTagsLogGroup AssociateKmsKey GetLogRecord CreateExportTask StartLiveTail TestMetricFilter DeleteRetentionPolicy : DescribeLogGroups GetQueryResults DescribeQueryDefinitions DescribeQueries StopQuery PutQueryDefinition DescribeResourcePolicies DescribeExportTasks DescribeAccountPolicies GetLogGroupFields DescribeDestinations`,
  monitoring: `:alarm DescribeAlarms PutMetricAlarm DescribeAlarmHistory DeleteAlarms SetAlarmState DisableAlarmActions EnableAlarmActions PutCompositeAlarm :dashboard GetDashboard ListDashboards PutDashboard DeleteDashboards : DescribeAlarmsForMetric DescribeInsightRules DescribeAnomalyDetectors ListMetricStreams ListTagsForResource PutAnomalyDetector ListManagedInsightRules`,
  dynamodb: `:table DescribeTable DescribeTimeToLive DescribeContinuousBackups ListTagsOfResource UpdateTable CreateTable DeleteTable UpdateTimeToLive CreateBackup GetItem* PutItem* Query* UpdateItem* Scan* BatchGetItem* BatchWriteItem* DeleteItem* DescribeKinesisStreamingDestination UpdateContinuousBackups ExportTableToPointInTime DescribeContributorInsights RestoreTableFromBackup : ListTables DescribeLimits ListBackups ListGlobalTables ListExports DescribeEndpoints`,
  rds: `:db DescribeDBInstances DescribeDBClusters ListTagsForResource DescribeDBSnapshots ModifyDBInstance CreateDBSnapshot DescribeDBLogFiles DownloadDBLogFilePortion DescribePendingMaintenanceActions CreateDBInstance DeleteDBSnapshot RebootDBInstance DescribeDBClusterSnapshots DescribeDBSnapshotAttributes ModifyDBSnapshotAttribute StopDBInstance StartDBInstance DeleteDBInstance RestoreDBInstanceFromDBSnapshot ModifyDBCluster CopyDBSnapshot FailoverDBCluster ModifyDBParameterGroup : DescribeDBSubnetGroups DescribeDBParameterGroups DescribeDBEngineVersions DescribeOrderableDBInstanceOptions DescribeEvents DescribeReservedDBInstances DescribeDBParameters DescribeOptionGroups DescribeEventSubscriptions DescribeCertificates DescribeGlobalClusters DescribeDBProxies DescribeExportTasks DescribeAccountAttributes DescribeRecommendations`,
  autoscaling: `:asg DescribeAutoScalingGroups DescribeScalingActivities DescribePolicies UpdateAutoScalingGroup SetDesiredCapacity TerminateInstanceInAutoScalingGroup CompleteLifecycleAction DescribeLifecycleHooks DescribeScheduledActions PutScalingPolicy CreateAutoScalingGroup StartInstanceRefresh DescribeInstanceRefreshes SuspendProcesses ResumeProcesses SetInstanceProtection DeleteAutoScalingGroup PutScheduledUpdateGroupAction : DescribeAutoScalingInstances DescribeLaunchConfigurations DescribeNotificationConfigurations DescribeTags CreateLaunchConfiguration DescribeLoadBalancerTargetGroups`,
  elasticloadbalancing: `:lb DescribeLoadBalancers DescribeTargetGroups DescribeTargetHealth DescribeListeners DescribeRules DescribeLoadBalancerAttributes DescribeTargetGroupAttributes DescribeTags RegisterTargets DeregisterTargets ModifyListener ModifyRule CreateTargetGroup CreateListener CreateLoadBalancer DeleteTargetGroup ModifyTargetGroupAttributes ModifyLoadBalancerAttributes CreateRule SetSecurityGroups DescribeListenerCertificates DescribeInstanceHealth AddListenerCertificates DeleteLoadBalancer : DescribeAccountLimits DescribeSSLPolicies DescribeLoadBalancerPolicies`,
  cloudformation: `:stack DescribeStacks DescribeStackEvents DescribeStackResources ListStackResources GetTemplate CreateChangeSet DescribeChangeSet ExecuteChangeSet UpdateStack CreateStack GetTemplateSummary DeleteStack DescribeStackResource DetectStackDrift DescribeStackDriftDetectionStatus GetStackPolicy ContinueUpdateRollback UpdateTerminationProtection CancelUpdateStack : ListStacks ListExports ListStackSets DescribeStackSet ListImports ValidateTemplate DescribeType ListTypes ListChangeSets DescribeAccountLimits`,
  ecs: `:cluster DescribeServices DescribeTasks ListTasks DescribeClusters ListServices UpdateService RunTask StopTask DescribeContainerInstances ListContainerInstances CreateService ExecuteCommand DeleteService ListTagsForResource SubmitTaskStateChange SubmitContainerStateChange CreateCluster UpdateContainerInstancesState DiscoverPollEndpoint : ListClusters DescribeTaskDefinition RegisterTaskDefinition ListTaskDefinitions DescribeCapacityProviders DeregisterTaskDefinition ListTaskDefinitionFamilies ListAccountSettings`,
  ecr: `:repository GetAuthorizationToken BatchGetImage GetDownloadUrlForLayer BatchCheckLayerAvailability DescribeImages DescribeRepositories PutImage InitiateLayerUpload UploadLayerPart CompleteLayerUpload ListImages DescribeImageScanFindings GetRepositoryPolicy GetLifecyclePolicy ListTagsForResource CreateRepository SetRepositoryPolicy PutLifecyclePolicy BatchDeleteImage StartImageScan DeleteRepository PutImageTagMutability : DescribeRegistry GetRegistryPolicy GetRegistryScanningConfiguration DescribePullThroughCacheRules`,
  eks: `:ekscluster DescribeCluster ListNodegroups DescribeNodegroup ListAddons DescribeAddon ListFargateProfiles UpdateNodegroupConfig UpdateClusterConfig UpdateClusterVersion ListUpdates DescribeUpdate AccessKubernetesApi ListAccessEntries CreateNodegroup DescribeAddonVersions ListIdentityProviderConfigs CreateAccessEntry AssociateAccessPolicy : ListClusters`,
  cloudtrail: `:trail DescribeTrails GetTrailStatus GetEventSelectors ListTags GetInsightSelectors StopLogging StartLogging UpdateTrail PutEventSelectors CreateTrail DeleteTrail GetTrail : LookupEvents ListTrails ListEventDataStores StartQuery GetQueryResults ListImports ListChannels`,
  config: `:rule DescribeConfigRules PutEvaluations DescribeComplianceByConfigRule GetComplianceDetailsByConfigRule StartConfigRulesEvaluation PutConfigRule DescribeConfigRuleEvaluationStatus DeleteConfigRule : DescribeConfigurationRecorders DescribeConfigurationRecorderStatus DescribeDeliveryChannels SelectResourceConfig GetResourceConfigHistory ListDiscoveredResources GetComplianceSummaryByConfigRule BatchGetResourceConfig DescribeConformancePacks GetDiscoveredResourceCounts StopConfigurationRecorder PutConfigurationRecorder DescribeAggregateComplianceByConfigRules`,
  guardduty: `:detector ListFindings GetFindings GetDetector ListMembers ListTagsForResource GetFindingsStatistics ListFilters ListIPSets GetMasterAccount ArchiveFindings UpdateDetector DeleteDetector CreateFilter ListPublishingDestinations DescribeMalwareScans GetUsageStatistics : ListDetectors`,
  securityhub: `:hub GetFindings DescribeHub BatchImportFindings GetEnabledStandards BatchUpdateFindings DescribeStandardsControls GetInsights ListMembers DescribeStandards GetInsightResults ListEnabledProductsForImport ListSecurityControlDefinitions GetFindingAggregator DisableSecurityHub DescribeActionTargets`,
  inspector2: `: ListFindings ListCoverage BatchGetAccountStatus ListCoverageStatistics ListFindingAggregations ListFilters GetConfiguration ListUsageTotals GetSbomExport ListMembers`,
  sqs: `:queue GetQueueAttributes GetQueueUrl ListQueueTags SetQueueAttributes CreateQueue PurgeQueue AddPermission DeleteQueue TagQueue ListDeadLetterSourceQueues StartMessageMoveTask : ListQueues`,
  sns: `:topic GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource SetTopicAttributes Subscribe CreateTopic GetSubscriptionAttributes Unsubscribe DeleteTopic ConfirmSubscription SetSubscriptionAttributes AddPermission : ListTopics ListSubscriptions GetSMSAttributes ListPlatformApplications CheckIfPhoneNumberIsOptedOut`,
  events: `:eventrule DescribeRule ListTargetsByRule PutRule PutTargets ListTagsForResource DisableRule EnableRule DeleteRule RemoveTargets ListRuleNamesByTarget : ListRules ListEventBuses DescribeEventBus TestEventPattern ListConnections ListArchives ListApiDestinations`,
  states: `:machine StartExecution DescribeExecution ListExecutions DescribeStateMachine GetExecutionHistory StopExecution UpdateStateMachine CreateStateMachine ListTagsForResource SendTaskSuccess DescribeStateMachineForExecution RedriveExecution ValidateStateMachineDefinition : ListStateMachines ListActivities`,
  athena: `:workgroup StartQueryExecution GetQueryExecution GetQueryResults GetWorkGroup ListQueryExecutions StopQueryExecution BatchGetQueryExecution ListNamedQueries CreateNamedQuery BatchGetNamedQuery CreateWorkGroup UpdateWorkGroup GetPreparedStatement GetQueryRuntimeStatistics : ListWorkGroups ListDataCatalogs ListDatabases ListTableMetadata GetTableMetadata ListEngineVersions`,
  glue: `:database GetTables GetTable GetPartitions GetDatabase BatchCreatePartition CreateTable UpdateTable BatchGetPartition DeleteTable CreatePartition GetTableVersions SearchTables CreateDatabase :job GetJobRun GetJobRuns StartJobRun GetJob GetCrawler StartCrawler UpdateJob CreateJob BatchStopJobRun GetTrigger GetJobBookmark : GetDatabases GetCrawlers GetJobs ListJobs GetDataCatalogEncryptionSettings GetSecurityConfigurations GetConnections ListWorkflows GetDevEndpoints ListSessions`,
  sagemaker: `:endpoint DescribeEndpoint DescribeTrainingJob CreateTrainingJob DescribeNotebookInstance DescribeModel CreatePresignedNotebookInstanceUrl CreateModel CreateEndpointConfig UpdateEndpoint CreateEndpoint DescribeProcessingJob CreateProcessingJob StartNotebookInstance StopNotebookInstance DescribeDomain CreatePresignedDomainUrl DescribeUserProfile ListTags AddTags DeleteEndpoint DescribeEndpointConfig StopTrainingJob CreateNotebookInstance : ListTrainingJobs ListNotebookInstances ListEndpoints ListModels ListDomains ListApps ListUserProfiles Search ListProcessingJobs ListExperiments ListModelPackageGroups ListPipelines`,
  bedrock: `:fm InvokeModel InvokeModelWithResponseStream Converse GetFoundationModel PutUseCaseForModelAccess CreateFoundationModelAgreement : ListFoundationModels GetFoundationModelAvailability ListCustomModels GetModelInvocationLoggingConfiguration ListGuardrails ListInferenceProfiles`,
  codecommit: `:repo GetRepository GitPull GetBranch GetCommit GetFolder GetFile GitPush ListBranches GetDifferences GetPullRequest ListPullRequests BatchGetCommits CreateBranch GetReferences GetCommentsForPullRequest CreatePullRequest MergePullRequestByFastForward PostCommentForPullRequest DescribePullRequestEvents BatchDescribeMergeConflicts GetMergeConflicts UpdatePullRequestStatus DeleteBranch CreateRepository : ListRepositories BatchGetRepositories`,
  codebuild: `:build StartBuild BatchGetBuilds ListBuildsForProject BatchGetProjects UpdateProject StopBuild CreateReport BatchPutTestCases UpdateReport BatchPutCodeCoverages CreateReportGroup RetryBuild CreateProject : ListProjects ListBuilds ListSourceCredentials ListCuratedEnvironmentImages ImportSourceCredentials`,
  codepipeline: `:pipeline GetPipelineState GetPipeline ListPipelineExecutions GetPipelineExecution ListActionExecutions StartPipelineExecution PutJobSuccessResult UpdatePipeline PutApprovalResult RetryStageExecution PollForJobs DisableStageTransition CreatePipeline : ListPipelines ListWebhooks ListActionTypes`,
  cloudfront: `:distribution GetDistribution2020_05_31 GetDistributionConfig2020_05_31 CreateInvalidation2020_05_31 ListInvalidations2020_05_31 GetInvalidation2020_05_31 UpdateDistribution2020_05_31 ListTagsForResource2020_05_31 CreateDistribution2020_05_31 : ListDistributions2020_05_31 ListCachePolicies2020_05_31 ListFunctions2020_05_31 ListOriginAccessControls2020_05_31 ListOriginRequestPolicies2020_05_31 ListResponseHeadersPolicies2020_05_31`,
  route53: `:zone ListResourceRecordSets ChangeResourceRecordSets GetHostedZone GetChange ListTagsForResource CreateHostedZone TestDNSAnswer ListQueryLoggingConfigs AssociateVPCWithHostedZone : ListHostedZones ListHealthChecks ListHostedZonesByName GetHostedZoneCount ListHostedZonesByVPC GetHealthCheckStatus ListReusableDelegationSets`,
  servicediscovery: `:namespace ListServices ListNamespaces DiscoverInstances GetNamespace ListInstances GetService GetInstancesHealthStatus RegisterInstance DeregisterInstance GetOperation CreateService UpdateService : ListOperations`,
  apigateway: `:api GetRestApi GetResources GetStages GetDeployments GetStage CreateDeployment UpdateStage GetMethod GetExport GetIntegration PutRestApi GetModels GetAuthorizers GetUsagePlans : GetRestApis GetDomainNames GetApiKeys GetAccount GetVpcLinks GetApis GetClientCertificates`,
  elasticache: `:cache DescribeCacheClusters DescribeReplicationGroups ListTagsForResource ModifyReplicationGroup DescribeSnapshots CreateSnapshot RebootCacheCluster CreateReplicationGroup IncreaseReplicaCount TestFailover : DescribeCacheSubnetGroups DescribeCacheParameterGroups DescribeEvents DescribeServiceUpdates DescribeCacheEngineVersions DescribeReservedCacheNodes DescribeUsers`,
  es: `:domain DescribeDomain DescribeDomainHealth UpdateDomainConfig ListTags DescribeDomainChangeProgress UpgradeDomain GetCompatibleVersions DescribeDomainAutoTunes : ListDomainNames DescribeDomains ListVersions DescribeReservedInstances DescribePackages`,
  firehose: `:stream DescribeDeliveryStream UpdateDestination CreateDeliveryStream ListTagsForDeliveryStream StartDeliveryStreamEncryption DeleteDeliveryStream : ListDeliveryStreams`,
  kinesis: `:stream DescribeStreamSummary DescribeStream ListShards DescribeStreamConsumer UpdateShardCount RegisterStreamConsumer CreateStream IncreaseStreamRetentionPeriod GetResourcePolicy : ListStreams DescribeLimits`,
  redshift: `:warehouse DescribeClusters GetClusterCredentials DescribeLoggingStatus PauseCluster ResumeCluster DescribeClusterSnapshots ModifyCluster CreateClusterSnapshot DescribeTags AuthorizeSnapshotAccess : DescribeClusterSubnetGroups DescribeClusterParameterGroups DescribeEvents DescribeReservedNodes DescribeStorage`,
  elasticmapreduce: `:emr DescribeCluster ListSteps AddJobFlowSteps ListInstances ListInstanceGroups DescribeStep TerminateJobFlows RunJobFlow ModifyInstanceGroups ListBootstrapActions SetTerminationProtection : ListClusters ListStudios GetBlockPublicAccessConfiguration ListReleaseLabels`,
  ce: `: GetCostAndUsage GetCostForecast GetReservationUtilization GetDimensionValues GetSavingsPlansUtilization GetAnomalies GetAnomalyMonitors GetCostCategories GetRightsizingRecommendation GetTags GetSavingsPlansCoverage GetReservationCoverage ListCostAllocationTags GetReservationPurchaseRecommendation`,
  budgets: `: ViewBudget DescribeBudgets DescribeBudgetActionsForAccount DescribeBudgetPerformanceHistory CreateBudget ModifyBudget DescribeSubscribersForNotification`,
  cur: `: DescribeReportDefinitions PutReportDefinition ModifyReportDefinition`,
  organizations: `: DescribeOrganization ListAccounts DescribeAccount ListRoots ListParents ListOrganizationalUnitsForParent ListPolicies DescribePolicy ListTagsForResource ListDelegatedAdministrators ListAWSServiceAccessForOrganization ListTargetsForPolicy AttachPolicy UpdatePolicy CreateAccount MoveAccount LeaveOrganization ListHandshakesForAccount`,
  support: `: DescribeCases DescribeTrustedAdvisorChecks DescribeTrustedAdvisorCheckResult DescribeCommunications RefreshTrustedAdvisorCheck CreateCase AddCommunicationToCase DescribeSeverityLevels DescribeServices DescribeTrustedAdvisorCheckSummaries ResolveCase`,
  health: `: DescribeEventAggregates DescribeEvents DescribeEventDetails DescribeAffectedEntities DescribeEventTypes DescribeEntityAggregates`,
  tagging: `: GetResources GetTagKeys GetTagValues TagResources GetComplianceSummary`,
  'resource-explorer-2': `: Search GetDefaultView ListIndexes ListViews GetIndex ListResources`,
  'access-analyzer': `: ListAnalyzers ListFindings GetFinding ListArchiveRules ValidatePolicy GetAnalyzer CheckNoNewAccess`,
  acm: `:certificate DescribeCertificate ListTagsForCertificate RequestCertificate GetCertificate DeleteCertificate RenewCertificate ImportCertificate : ListCertificates GetAccountConfiguration`,
  wafv2: `:acl GetWebACL GetWebACLForResource GetIPSet UpdateIPSet UpdateWebACL ListResourcesForWebACL GetLoggingConfiguration GetSampledRequests ListTagsForResource AssociateWebACL : ListWebACLs ListIPSets ListRuleGroups ListAvailableManagedRuleGroups DescribeManagedRuleGroup ListLoggingConfigurations ListRegexPatternSets`,
  backup: `:vault ListRecoveryPointsByBackupVault DescribeBackupVault StartBackupJob GetBackupVaultAccessPolicy DescribeRecoveryPoint DeleteRecoveryPoint GetBackupPlan PutBackupVaultAccessPolicy : ListBackupJobs ListBackupVaults ListBackupPlans ListProtectedResources DescribeBackupJob ListRestoreJobs DescribeRegionSettings ListReportPlans`,
  elasticfilesystem: `:fs DescribeFileSystems DescribeMountTargets DescribeLifecycleConfiguration DescribeMountTargetSecurityGroups DescribeBackupPolicy NewClientConnection CreateMountTarget PutLifecycleConfiguration DescribeFileSystemPolicy DescribeAccessPoints`,
  'cognito-idp': `:pool DescribeUserPool ListUserPoolClients DescribeUserPoolClient ListUsers AdminGetUser AdminCreateUser ListGroups UpdateUserPoolClient AdminSetUserPassword ListIdentityProviders UpdateUserPool AdminDisableUser : ListUserPools`,
  ses: `: GetSendQuota ListIdentities GetIdentityVerificationAttributes GetAccountSendingEnabled GetSendStatistics VerifyEmailIdentity GetAccount ListEmailIdentities ListConfigurationSets PutAccountDetails SendEmail UpdateAccountSendingEnabled`,
  servicequotas: `: ListServiceQuotas GetServiceQuota RequestServiceQuotaIncrease ListAWSDefaultServiceQuotas ListRequestedServiceQuotaChangeHistory ListServices GetAWSDefaultServiceQuota`,
  'compute-optimizer': `: GetEnrollmentStatus GetEC2InstanceRecommendations GetRecommendationSummaries GetAutoScalingGroupRecommendations GetLambdaFunctionRecommendations`,
  'application-autoscaling': `: DescribeScalableTargets DescribeScalingPolicies RegisterScalableTarget PutScalingPolicy DescribeScalingActivities DescribeScheduledActions DeregisterScalableTarget`,
  trustedadvisor: `: ListChecks ListRecommendations GetRecommendation DescribeChecks DescribeAccount`,
  notifications: `: ListNotificationHubs ListNotificationEvents ListNotificationConfigurations GetNotificationEvent`,
  cloudshell: `: CreateEnvironment CreateSession GetEnvironmentStatus PutCredentials DeleteEnvironment SendHeartBeat RedeemCode`,
  signin: `: ConsoleLogin CheckMfa SwitchRole RenewRole ExitRole PasswordRecoveryRequested GetSigninToken`,
  sso: `: Authenticate Federate GetRoleCredentials ListAccounts ListAccountRoles ListApplications ListPermissionSets ListInstances DescribePermissionSet CreateAccountAssignment ListAccountAssignments Logout`,
};

/** Names that only read although they do not begin like it, and the reverse. */
const READS = new Set([
  'AssumeRole',
  'AssumeRoleWithSAML',
  'AssumeRoleWithWebIdentity',
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'Sign',
  'Verify',
  'GitPull',
  'ViewBudget',
  'LookupEvents',
  'Search',
  'Query',
  'Scan',
  'DiscoverInstances',
  'Converse',
  'InvokeModel',
  'InvokeModelWithResponseStream',
  'FilterLogEvents',
  'StartQuery',
  'SearchTables',
]);
const READ_PREFIX =
  /^(Describe|List|Get|Head|BatchGet|BatchCheck|Select|Simulate|Validate|Test|Check|Poll|Discover|Download|BatchDescribe|Decode)/;

function parse(): Map<string, Operation[]> {
  const services = new Map<string, Operation[]>();
  for (const [service, text] of Object.entries(CATALOGUE)) {
    const operations: Operation[] = [];
    let kind = '';
    for (const word of text.split(/\s+/)) {
      if (word.startsWith(':')) kind = word.slice(1);
      else if (word !== '') {
        const data = word.endsWith('*');
        const name = data ? word.slice(0, -1) : word;
        const readOnly = READS.has(name) || READ_PREFIX.test(name);
        operations.push({service, name, readOnly, kind, data, key: `${service}:${name}`});
      }
    }
    services.set(service, operations);
  }
  return services;
}

/** The operations of each service; within a kind of resource, commonest first. */
export const SERVICES: ReadonlyMap<string, readonly Operation[]> = parse();

const BY_KEY = new Map(
  [...SERVICES.values()].flat().map((operation) => [operation.key, operation] as const),
);

/** The operation called `service:Name`, which must be in the catalogue. */
export function operation(key: string): Operation {
  const found = BY_KEY.get(key);
  assert(found !== undefined, `no operation "${key}" in the catalogue`);
  return found;
}

/** The same for several operations of one service: `operations('ec2', 'RunInstances CreateTags')`. */
export function operations(service: string, names: string): Operation[] {
  return names.split(/\s+/).map((name) => operation(`${service}:${name}`));
}
