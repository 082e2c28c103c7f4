using LatentDiffusion.Networks.Unets;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>
/// What steers a denoising network, in the forms it can take (LDM section 3.3): tokens for cross-attention and class
/// labels added to the timestep. Both null means unconditional.
/// </summary>
/// <param name="Context">[B, S, D] tokens, or null.</param>
/// <param name="Labels">[B] class ids (int64), or null.</param>
public sealed record Condition(Tensor? Context = null, Tensor? Labels = null)
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
        return new Condition(Join(first.Context, second.Context), Join(first.Labels, second.Labels));
    }

    private static Tensor? Join(Tensor? first, Tensor? second) =>
        (first, second) switch
        {
            (null, null) => null,
            ({ } a, { } b) => cat([a, b]),
            _ => throw new ArgumentException("Two conditions of different forms cannot be joined."),
        };
}
