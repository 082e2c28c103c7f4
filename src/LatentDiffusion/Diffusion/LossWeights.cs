namespace LatentDiffusion.Diffusion;

/// <summary>Weights per timestep of the error of a network's prediction, by what it predicts.</summary>
public static class LossWeights
{
    /// <summary>
    /// The weights that make the squared error, summed over all elements, the terms of the variational bound
    /// KL(q(x_{t-1} | x_t, x_0) || p(x_{t-1} | x_t)) in nats (DDPM equation 12). The first, whose term is no such
    /// divergence, equals the second, as in the reference.
    /// </summary>
    /// <param name="schedule">The noise schedule.</param>
    /// <param name="parameterization">What the network predicts.</param>
    /// <param name="referenceStart">
    /// For predictions of x_0, the reference's 0.5 sqrt(abar_t) / (2 - abar_t), which is no bound's weight.
    /// </param>
    /// <returns>[T].</returns>
    /// <exception cref="ArgumentException">The network predicts noise where nothing else is left.</exception>
    public static IReadOnlyList<double> Vlb(
        NoiseSchedule schedule,
        Parameterization parameterization,
        bool referenceStart = false
    )
    {
        RequireSignal(schedule, parameterization);
        var weights = PerTimestep(schedule, Weight);
        weights[0] = weights.Length > 1 ? weights[1] : 1;
        return weights;

        double Weight(int t)
        {
            var abar = schedule.AlphasCumprod[t];
            if (parameterization == Parameterization.X0 && referenceStart)
            {
                return 0.5 * Math.Sqrt(abar) / (2 - abar);
            }

            // The posterior's mean is coefficient x_0 + ..., and x_0 = x_t / sqrt(abar) - sqrt(1 / SNR) noise.
            var coefficient = schedule.PosteriorMeanStart[t];
            return coefficient
                * coefficient
                / (2 * schedule.PosteriorVariance[t])
                * ErrorOfStart(schedule, parameterization, t);
        }
    }

    /// <summary>
    /// Min-SNR weights (Hang et al. 2023): the error of x_0 weighs min(SNR, gamma), whatever the network predicts.
    /// </summary>
    /// <remarks>Where nothing of the signal is left (zero terminal SNR), the weight is 0.</remarks>
    /// <param name="schedule">The noise schedule.</param>
    /// <param name="parameterization">What the network predicts.</param>
    /// <param name="gamma">The largest weight of the error of x_0; the paper's is 5.</param>
    /// <returns>[T].</returns>
    /// <exception cref="ArgumentException">The network predicts noise where nothing else is left.</exception>
    public static IReadOnlyList<double> MinSnr(NoiseSchedule schedule, Parameterization parameterization, double gamma)
    {
        RequireSignal(schedule, parameterization);
        return PerTimestep(
            schedule,
            t => Math.Min(schedule.SignalToNoise(t), gamma) * ErrorOfStart(schedule, parameterization, t)
        );
    }

    /// <summary>The squared error of x_0 that a squared error of 1 of the prediction means.</summary>
    private static double ErrorOfStart(NoiseSchedule schedule, Parameterization parameterization, int t) =>
        parameterization switch
        {
            Parameterization.Eps => 1 / schedule.SignalToNoise(t),
            Parameterization.V => 1 - schedule.AlphasCumprod[t],
            _ => 1,
        };

    private static double[] PerTimestep(NoiseSchedule schedule, Func<int, double> weight) =>
        [.. Enumerable.Range(0, schedule.Timesteps).Select(weight)];

    private static void RequireSignal(NoiseSchedule schedule, Parameterization parameterization)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        if (schedule.HasZeroTerminalSnr && parameterization == Parameterization.Eps)
        {
            throw new ArgumentException(DiffusionObjectiveConfig.NoiseAlone);
        }
    }
}
