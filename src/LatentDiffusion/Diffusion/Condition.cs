using LatentDiffusion.Networks.Unets;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>
/// What steers a denoising network, in the forms it can take (LDM section 3.3): tokens for cross-attention, class labels
/// added to the timestep, channels beside the latents, in any combination. None of them means unconditional.
/// </summary>
/// <param name="Context">[B, S, D] tokens, or null.</param>
/// <param name="Labels">[B] class ids (int64), or null.</param>
/// <param name="Channels">[B, C, h, w], of the latents' size, or null.</param>
public sealed record Condition(Tensor? Context = null, Tensor? Labels = null, Tensor? Channels = null)
{
    private AttentionContext? _attention;

    /// <summary>The tokens as a UNet takes them: what its layers make of them is kept from one step to the next.</summary>
    internal AttentionContext? Attention =>
        Context is null ? null
        : ReferenceEquals(_attention?.Tokens, Context) ? _attention
        : _attention = new AttentionContext(Context);

    /// <summary>No condition at all.</summary>
    public static Condition None { get; } = new();

    /// <summary>Stacks two conditions along the batch, <paramref name="first"/> first.</summary>
    /// <exception cref="ArgumentException">They are of different forms.</exception>
    public static Condition Concatenate(Condition first, Condition second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return new Condition(
            Join(first.Context, second.Context),
            Join(first.Labels, second.Labels),
            Join(first.Channels, second.Channels)
        );
    }

    /// <summary>
    /// All conditions at once: their tokens behind one another, their channels on top of one another. The result belongs to
    /// the current dispose scope.
    /// </summary>
    /// <param name="conditions">Conditions of the same batch.</param>
    /// <exception cref="ArgumentException">More than one has labels.</exception>
    public static Condition Combine(IReadOnlyList<Condition> conditions)
    {
        ArgumentNullException.ThrowIfNull(conditions);
        var labels = conditions.Select(condition => condition.Labels).OfType<Tensor>().ToList();
        return labels.Count <= 1
            ? new Condition(Stack(c => c.Context), labels.SingleOrDefault(), Stack(c => c.Channels))
            : throw new ArgumentException("A UNet takes class labels from one condition only.");

        Tensor? Stack(Func<Condition, Tensor?> form) =>
            conditions.Select(form).OfType<Tensor>().ToList() switch
            {
                [] => null,
                [var only] => only,
                var several => cat(several, dim: 1),
            };
    }

    /// <summary>What a UNet says about noisy latents under this condition.</summary>
    /// <param name="unet">The network.</param>
    /// <param name="noisy">x_t, [B, C, h, w].</param>
    /// <param name="timesteps">[B].</param>
    /// <returns>[B, C, h, w].</returns>
    public Tensor Predict(Unet unet, Tensor noisy, Tensor timesteps)
    {
        ArgumentNullException.ThrowIfNull(unet);
        if (Channels is null)
        {
            return unet.Forward(noisy, timesteps, Attention, Labels);
        }

        using var joined = cat([noisy, Channels], dim: 1);
        return unet.Forward(joined, timesteps, Attention, Labels);
    }

    private static Tensor? Join(Tensor? first, Tensor? second) =>
        (first, second) switch
        {
            (null, null) => null,
            ({ } a, { } b) => cat([a, b]),
            _ => throw new ArgumentException("Two conditions of different forms cannot be joined."),
        };
}
