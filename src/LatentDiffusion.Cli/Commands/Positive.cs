using System.CommandLine;
using System.Globalization;

namespace LatentDiffusion.Cli.Commands;

/// <summary>Refuses numbers that make no sense as a count or a length.</summary>
internal static class Positive
{
    /// <summary>Lets an option take only numbers above 0.</summary>
    public static void Require(Option option) => Require(option, value => value > 0, "a number above 0");

    /// <summary>Lets an option take only numbers from 0 up.</summary>
    public static void OrZero(Option option) => Require(option, value => value >= 0, "a number from 0 up");

    /// <summary>Lets an option take only numbers from 0 to 1.</summary>
    public static void UpToOne(Option option) =>
        Require(option, value => value is >= 0 and <= 1, "a number from 0 to 1");

    private static void Require(Option option, Func<double, bool> isAllowed, string wanted) =>
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (
                    double.TryParse(token.Value, CultureInfo.InvariantCulture, out var value)
                    && !(isAllowed(value) && double.IsFinite(value))
                )
                {
                    result.AddError($"option '{option.Name}' takes {wanted}, not '{token.Value}'.");
                }
            }
        });
}
