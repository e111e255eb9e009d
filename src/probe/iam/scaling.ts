/**
 * Finds the service of an event from `autoscaling.amazonaws.com`. Three services send their events under that name, and some of
 * their actions have the same names. The names are those of AWS's service authorization reference, 2026-09.
 */

/** Details of an event that tell the services apart. */
interface Hints {
  /** `additionalEventData.service`. */
  readonly service?: string | undefined;
  /** Names of the request's parameters. */
  readonly names: readonly string[];
}

/** The three services by the prefix of their actions, with the names of these. */
export const SCALING: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'application-autoscaling',
    named(
      'DeleteScalingPolicy DeleteScheduledAction DeregisterScalableTarget DescribeScalableTargets',
      'DescribeScalingActivities DescribeScalingPolicies DescribeScheduledActions GetPredictiveScalingForecast',
      'ListTagsForResource PutScalingPolicy PutScheduledAction RegisterScalableTarget TagResource UntagResource',
    ),
  ],
  [
    'autoscaling-plans',
    named(
      'CreateScalingPlan DeleteScalingPlan DescribeScalingPlanResources DescribeScalingPlans',
      'GetScalingPlanResourceForecastData UpdateScalingPlan',
    ),
  ],
  [
    'autoscaling',
    named(
      'AttachInstances AttachLoadBalancerTargetGroups AttachLoadBalancers AttachTrafficSources',
      'BatchDeleteScheduledAction BatchPutScheduledUpdateGroupAction CancelInstanceRefresh',
      'CompleteLifecycleAction CreateAutoScalingGroup CreateLaunchConfiguration CreateOrUpdateTags',
      'DeleteAutoScalingGroup DeleteLaunchConfiguration DeleteLifecycleHook DeleteNotificationConfiguration',
      'DeletePolicy DeleteScheduledAction DeleteTags DeleteWarmPool DescribeAccountLimits DescribeAccountSettings',
      'DescribeAdjustmentTypes DescribeAutoScalingGroups DescribeAutoScalingInstances',
      'DescribeAutoScalingNotificationTypes DescribeInstanceRefreshes DescribeLaunchConfigurations',
      'DescribeLifecycleHookTypes DescribeLifecycleHooks DescribeLoadBalancerTargetGroups',
      'DescribeLoadBalancers DescribeMetricCollectionTypes DescribeNotificationConfigurations',
      'DescribePolicies DescribeScalingActivities DescribeScalingProcessTypes DescribeScheduledActions',
      'DescribeTags DescribeTerminationPolicyTypes DescribeTrafficSources DescribeWarmPool DetachInstances',
      'DetachLoadBalancerTargetGroups DetachLoadBalancers DetachTrafficSources DisableMetricsCollection',
      'EnableMetricsCollection EnterStandby ExecutePolicy ExitStandby GetPredictiveScalingForecast',
      'LaunchInstances PutAccountSetting PutLifecycleHook PutNotificationConfiguration PutScalingPolicy',
      'PutScheduledUpdateGroupAction PutWarmPool RecordLifecycleActionHeartbeat ResumeProcesses',
      'RollbackInstanceRefresh SetDesiredCapacity SetInstanceHealth SetInstanceProtection',
      'StartInstanceRefresh SuspendProcesses TerminateInstanceInAutoScalingGroup UpdateAutoScalingGroup',
    ),
  ],
]);

function named(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => line.split(' ')));
}

/** The service of an event: the one that the record or its parameters name, or else the only one with such an action. */
export function scalingOf(event: string, { service, names }: Hints): string | undefined {
  const having = [...SCALING.keys()].filter((prefix) => SCALING.get(prefix)?.has(event));
  if (service !== undefined) return having.find((prefix) => prefix === service);
  if (names.includes('serviceNamespace'))
    return having.find((prefix) => prefix === 'application-autoscaling');
  if (names.includes('autoScalingGroupName')) return having.find((prefix) => prefix === 'autoscaling');
  return having.length === 1 ? having[0] : undefined;
}
